import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import {
  isEnumType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
  type GraphQLObjectType,
} from 'graphql';
import { createSchema } from '../src/schema.ts';

const schema = createSchema();
const membersOf = (name: string) => Object.keys((schema.getType(name) as GraphQLObjectType).getFields());
const wordsOf = (name: string) => {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
};

describe('the schema', () => {
  // Members as the reference pages of Graph list them.
  it.each([
    [
      'Invitation',
      'id invitedUserDisplayName invitedUserEmailAddress invitedUserMessageInfo invitedUserType inviteRedeemUrl inviteRedirectUrl resetRedemption sendInvitationMessage status invitedUser invitedUserSponsors tracking',
    ],
    ['InvitedUserMessageInfo', 'ccRecipients customizedMessageBody messageLanguage'],
    ['Recipient', 'emailAddress'],
    ['EmailAddress', 'address name'],
    [
      'User',
      'id displayName mail userPrincipalName userType externalUserState externalUserStateChangeDateTime createdDateTime accountEnabled',
    ],
    [
      'InviteParticipantsOperation',
      'id clientContext resultInfo status participants createdDateTime lastActionDateTime tracking',
    ],
    [
      'InvitationParticipantInfo',
      'hidden identity participantId removeFromDefaultAudioRoutingGroup replacesCallId endpointType',
    ],
    [
      'IdentitySet',
      'user application device phone guest encrypted onPremises applicationInstance azureCommunicationServicesUser',
    ],
    ['ResultInfo', 'code subcode message'],
  ])('gives %s the members that Graph describes', (type, members) => {
    expect(membersOf(type).toSorted()).toEqual(members.split(' ').toSorted());
  });

  it.each([
    ['OperationStatus', 'notStarted running completed failed unknownFutureValue'],
    ['InvitationStatus', 'PendingAcceptance Completed InProgress Error unknownFutureValue'],
    ['ExternalUserState', 'PendingAcceptance Accepted unknownFutureValue'],
    ['UserType', 'Guest Member unknownFutureValue'],
  ])('spells %s as Graph does', (type, words) => {
    expect(wordsOf(type)).toEqual(words.split(' '));
  });

  it('lets a mirrored member be null, and only the gateway fields not', () => {
    for (const name of [
      'Invitation',
      'User',
      'InviteParticipantsOperation',
      'InvitationParticipantInfo',
      'IdentitySet',
      'Identity',
      'ResultInfo',
      'Recipient',
      'EmailAddress',
      'InvitedUserMessageInfo',
    ]) {
      for (const field of Object.values((schema.getType(name) as GraphQLObjectType).getFields())) {
        expect([name, field.name, isNonNullType(field.type)]).toEqual([name, field.name, field.name === 'tracking']);
      }
    }
  });

  it('takes exactly one kind of identity', () => {
    const type = schema.getType('IdentitySetInput');
    expect(isInputObjectType(type) && type.isOneOf).toBe(true);
  });

  it('describes every type and root field', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    for (const type of Object.values(schema.getTypeMap())) {
      if (!type.name.startsWith('__') && !['String', 'Int', 'Boolean', 'ID', 'Float'].includes(type.name))
        expect([type.name, type.description]).toEqual([type.name, expect.any(String)]);
      if (isObjectType(type) && roots.includes(type)) {
        for (const field of Object.values(type.getFields()))
          expect([field.name, field.description]).toEqual([field.name, expect.any(String)]);
      }
    }
  });
});

describe('the example operations', () => {
  const folder = new URL('../examples/operations/', import.meta.url);
  const examples = readdirSync(folder);

  it('has one for each root field, named after it', () => {
    const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(examples.toSorted()).toEqual(fields.map((field) => `${field}.graphql`).toSorted());
  });

  it.each(examples)('%s fits the schema', (name) => {
    expect(validate(schema, parse(readFileSync(new URL(name, folder), 'utf8')))).toEqual([]);
  });
});
