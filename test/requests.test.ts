import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../src/errors.ts';
import { toInvitationRecord, toOperationRecord } from '../src/tracking/new-record.ts';
import {
  toInvitationRequest,
  toInviteParticipantsRequest,
  type InvitationInput,
  type InviteParticipantsInput,
} from '../src/tracking/requests.ts';

const invitation = {
  invitedUserEmailAddress: 'guest@example.com',
  inviteRedirectUrl: 'https://app.example.com/welcome',
};
const lists = { allowedDomains: [], blockedDomains: [], ccAllowed: [], redirectOrigins: [] };
const user = (id: string) => ({ identity: { user: { id } } });

function fieldRefused(check: () => unknown): string | undefined {
  try {
    check();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('BAD_USER_INPUT');
    // Position, and how to mend it.
    expect(error.message).toMatch(/^[\w.[\]]+: .+\. .+\.$/s);
    return error.extensions['field'] as string;
  }
  return undefined;
}

const invite = (members: Partial<InvitationInput>, redirectOrigins: string[] = []) =>
  fieldRefused(() =>
    toInvitationRequest({ ...invitation, ...members }, { position: 'input', lists: { ...lists, redirectOrigins } }),
  );
const call = (input: InviteParticipantsInput, callId = 'call') =>
  fieldRefused(() => toInviteParticipantsRequest(callId, input));

describe('an invitation input', () => {
  it('is refused by its position among many', () => {
    const input = { ...invitation, inviteRedirectUrl: 'no' };
    expect(fieldRefused(() => toInvitationRequest(input, { position: 'inputs[7]', lists }))).toBe(
      'inputs[7].inviteRedirectUrl',
    );
  });

  it('leaves out a list of recipients that is null: Graph does not know it so', () => {
    const input = { ...invitation, invitedUserMessageInfo: { ccRecipients: null, messageLanguage: 'de' } };
    expect(toInvitationRequest(input, { position: 'input', lists }).invitedUserMessageInfo).toEqual({
      messageLanguage: 'de',
    });
  });

  it.each(['\0', '\u0001', '\b', '\u000b', '\u001b', '\u007f', '\u009f'])(
    'refuses text with the control character %j',
    (character) => {
      expect(invite({ invitedUserDisplayName: `a${character}b` })).toBe('input.invitedUserDisplayName');
      expect(invite({ invitedUserMessageInfo: { customizedMessageBody: character } })).toBe(
        'input.invitedUserMessageInfo.customizedMessageBody',
      );
      expect(call({ participants: [user('u')] }, `a${character}b`)).toBe('callId');
    },
  );

  it('takes text of several lines', () => {
    expect(invite({ invitedUserMessageInfo: { customizedMessageBody: 'Dear\tguest,\r\n\nwelcome' } })).toBeUndefined();
  });

  it('refuses text beyond all measure: names sooner than messages', () => {
    const long = (length: number) => 'x'.repeat(length);
    const redirect = (length: number) => long(length).replace(/^x{22}/, 'https://app.example.co');
    const cc = (name: string) => ({ ccRecipients: [{ emailAddress: { address: 'cc@example.com', name } }] });
    expect(invite({ invitedUserDisplayName: long(256) })).toBeUndefined();
    expect(invite({ invitedUserDisplayName: long(257) })).toBe('input.invitedUserDisplayName');
    expect(invite({ invitedUserMessageInfo: cc(long(256)) })).toBeUndefined();
    expect(invite({ invitedUserMessageInfo: cc(long(257)) })).toMatch(/name$/);
    expect(invite({ invitedUserMessageInfo: { customizedMessageBody: long(16_384) } })).toBeUndefined();
    expect(invite({ invitedUserMessageInfo: { customizedMessageBody: long(16_385) } })).toMatch(/MessageBody$/);
    expect(invite({ invitedUserMessageInfo: { messageLanguage: long(513) } })).toMatch(/messageLanguage$/);
    expect(invite({ inviteRedirectUrl: redirect(2_048) })).toBeUndefined();
    expect(invite({ inviteRedirectUrl: redirect(2_049) })).toBe('input.inviteRedirectUrl');
    const named = (displayName: string) => ({ identity: { user: { id: 'u', displayName } } });
    expect(call({ participants: [named(long(256))] })).toBeUndefined();
    expect(call({ participants: [named(long(257))] })).toBe('input.participants[0].identity.user.displayName');
  });

  it('becomes the request with only the members that were given', () => {
    const input = { ...invitation, invitedUserDisplayName: null, idempotencyKey: 'k' };
    expect(toInvitationRequest(input, { position: 'input', lists })).toEqual({
      ...invitation,
      invitedUserDisplayName: null,
    });
  });

  it.each([
    'guest@example.com',
    'a.b-c_d@sub.example.co',
    '_a_@example.com',
    "o'neil@example.com",
    'jörg@bücher.example',
  ])('takes the address %s', (address) => {
    expect(invite({ invitedUserEmailAddress: address })).toBeUndefined();
  });

  it.each([
    '',
    'guest',
    '@example.com',
    'guest@',
    'guest@localhost',
    'a@b@example.com',
    'a+b@example.com',
    '.a@example.com',
    'a.@example.com',
    '-a@example.com',
    'a b@example.com',
    'a@exa mple.com',
    'a@example..com',
    'a\n@example.com',
    '<a>@example.com',
  ])('refuses the address %j', (address) => {
    expect(invite({ invitedUserEmailAddress: address })).toBe('input.invitedUserEmailAddress');
  });

  it('refuses a redirect that is not https or outside the allowed origins', () => {
    expect(invite({ inviteRedirectUrl: 'http://app.example.com' })).toBe('input.inviteRedirectUrl');
    expect(invite({ inviteRedirectUrl: 'javascript:alert(1)' })).toBe('input.inviteRedirectUrl');
    expect(invite({ inviteRedirectUrl: 'app' })).toBe('input.inviteRedirectUrl');
    // Not everybody who reads these takes the same part for the host.
    for (const address of [
      'https://app.example.com\\@evil.example',
      'https://a:b@app.example.com',
      ' https://app.example.com',
      'https://app.exa\tmple.com',
    ]) {
      expect(invite({ inviteRedirectUrl: address })).toBe('input.inviteRedirectUrl');
    }
    expect(invite({}, ['https://other.example.com'])).toBe('input.inviteRedirectUrl');
    expect(invite({}, ['https://other.example.com', 'https://app.example.com'])).toBeUndefined();
    expect(invite({ inviteRedirectUrl: 'https://app.example.com.evil.example/' }, ['https://app.example.com'])).toBe(
      'input.inviteRedirectUrl',
    );
  });

  it('refuses more than one cc recipient', () => {
    const recipient = { emailAddress: { address: 'cc@example.com' } };
    expect(invite({ invitedUserMessageInfo: { ccRecipients: [recipient] } })).toBeUndefined();
    expect(invite({ invitedUserMessageInfo: { ccRecipients: [recipient, recipient] } })).toBe(
      'input.invitedUserMessageInfo.ccRecipients',
    );
  });

  it('takes an existing user with a reset only, and a reset with a user only', () => {
    expect(invite({ resetRedemption: true, invitedUser: { id: 'u' } })).toBeUndefined();
    expect(invite({ invitedUser: { id: 'u' } })).toBe('input.invitedUser');
    expect(invite({ resetRedemption: true })).toBe('input.invitedUser');
    expect(invite({ resetRedemption: true, invitedUser: { id: '..' } })).toBe('input.invitedUser.id');
    expect(invite({ invitedUserSponsors: [{ id: 'a' }, { id: '' }] })).toBe('input.invitedUserSponsors[1].id');
  });

  it('refuses half a character anywhere, and an address beyond all measure', () => {
    expect(invite({ invitedUserEmailAddress: 'a\ud800@example.com' })).toBe('input.invitedUserEmailAddress');
    expect(invite({ invitedUserSponsors: [{ id: 'a' }, { id: '\udfff' }] })).toBe('input.invitedUserSponsors[1].id');
    expect(invite({ invitedUserEmailAddress: `${'a'.repeat(320)}@example.com` })).toBe('input.invitedUserEmailAddress');
  });

  it('refuses an idempotency key that is empty or too long', () => {
    expect(invite({ idempotencyKey: '' })).toBe('input.idempotencyKey');
    expect(invite({ idempotencyKey: 'k'.repeat(129) })).toBe('input.idempotencyKey');
  });
});

describe('a participants input', () => {
  it('takes one to five', () => {
    expect(call({ participants: [] })).toBe('input.participants');
    expect(call({ participants: ['1', '2', '3', '4', '5'].map(user) })).toBeUndefined();
    expect(call({ participants: ['1', '2', '3', '4', '5', '6'].map(user) })).toBe('input.participants');
  });

  it('takes one only when it replaces a call', () => {
    expect(call({ participants: [{ ...user('1'), replacesCallId: 'c' }] })).toBeUndefined();
    expect(call({ participants: [user('1'), { ...user('2'), replacesCallId: 'c' }] })).toBe(
      'input.participants[1].replacesCallId',
    );
  });

  it('takes a client context of up to 256 characters and makes one when none is given', () => {
    expect(call({ participants: [user('1')], clientContext: 'c'.repeat(256) })).toBeUndefined();
    expect(call({ participants: [user('1')], clientContext: 'c'.repeat(257) })).toBe('input.clientContext');
    const made = [1, 2].map(() => toInviteParticipantsRequest('call', { participants: [user('1')] }).clientContext);
    expect(made[0]).not.toBe(made[1]);
    expect(made[0]?.length).toBeGreaterThan(30);
  });

  it('refuses ids that cannot stand in a path, and takes any other', () => {
    for (const id of ['', ' ', '.', '..', 'x\ud800', 'x'.repeat(513)])
      expect(call({ participants: [user('1')] }, id)).toBe('callId');
    expect(call({ participants: [user('1')] }, '../a#?%/')).toBeUndefined();
    expect(call({ participants: [user('1'), user('')] })).toBe('input.participants[1].identity.user.id');
  });
});

describe('what is shared', () => {
  const owner = { tenantId: 't', subject: 's' };
  const options = { now: () => new Date(0), invitationDeadlineMs: 1, operationDeadlineMs: 1, inviteLists: lists };
  const operation = { participants: [user('u1')] };
  const toRecords = (sharedWith?: string[] | null) => [
    toInvitationRecord({ ...invitation, sharedWith }, owner, { position: 'inputs[3]', work: 'send', options }),
    toOperationRecord('call', { ...operation, sharedWith }, owner, options),
  ];

  it('is each subject once, as they are compared', () => {
    const guid = 'AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE';
    for (const { sharedWith } of toRecords(['b', 'B', guid, 'b', guid.toLowerCase()]))
      expect(sharedWith).toEqual(['B', guid.toLowerCase(), 'b']);
    for (const given of [undefined, null, []])
      for (const { sharedWith } of toRecords(given)) expect(sharedWith).toEqual([]);
  });

  it('is at most 20 subjects, each usable as one', () => {
    const refused = (sharedWith: string[]) => fieldRefused(() => toRecords(sharedWith));
    const many = Array.from({ length: 21 }, (_, index) => `s${index}`);
    expect(refused(many)).toBe('inputs[3].sharedWith');
    expect(refused(many.slice(1))).toBeUndefined();
    for (const subject of ['', ' ', '..', 'a\0b', '\ud800', 'x'.repeat(256)])
      expect(refused(['x'.repeat(255), subject])).toBe('inputs[3].sharedWith[1]');
    const shared = { ...operation, sharedWith: ['a', ''] };
    expect(fieldRefused(() => toOperationRecord('call', shared, owner, options))).toBe('input.sharedWith[1]');
  });

  it('tells requests apart, and leaves those that share nothing the hash that stores have of them', () => {
    const hashes = (sharedWith?: string[] | null) => toRecords(sharedWith).map(({ requestHash }) => requestHash);
    // As they were before anything could be shared.
    const released = ['4_30osE78DF26xkHWeVWDLME_j-RMqCcjnMAh-ehdXI', 'gp_IHQxNQJWhHkVIwujc5OSfLX1YDSB6pSKLJPEOhw4'];
    for (const given of [undefined, null, []]) expect(hashes(given)).toEqual(released);
    expect(hashes(['a', 'b'])).toEqual(hashes(['b', 'a']));
    const all = [...released, ...hashes(['a']), ...hashes(['a', 'b'])];
    expect(new Set(all).size).toBe(6);
  });
});
