import { describe, expect, it } from '@jest/globals';
import { toInvitation, toOperation, toUser } from '../src/graph/read-resources.ts';

describe("Graph's JSON", () => {
  it('is read bare and in the older wrapper', () => {
    const bare = { '@odata.context': 'x', id: 'o1', status: 'Running' };
    expect(toOperation(bare)).toEqual({ id: 'o1', operation: { status: 'running' } });
    expect(toOperation({ '@odata.context': 'x', value: bare })).toEqual({ id: 'o1', operation: { status: 'running' } });
  });

  it.each([
    ['NotStarted', 'notStarted'],
    ['RUNNING', 'running'],
    ['completed', 'completed'],
    ['Failed', 'failed'],
    ['Reticulating', 'unknownFutureValue'],
    [null, null],
  ])('has its words spelled as the reference does: %s', (word, status) => {
    expect(toOperation({ id: 'o1', status: word }).operation).toEqual({ status });
  });

  it('keeps only the members that the schema shows', () => {
    expect(
      toUser({
        id: 'u1',
        '@odata.type': '#microsoft.graph.user',
        faxNumber: '1',
        userType: 'guest',
        accountEnabled: null,
      }),
    ).toEqual({ id: 'u1', userType: 'Guest', accountEnabled: null });
  });

  it('counts a member of another type than described as not sent', () => {
    expect(toOperation({ id: 7, status: 7, participants: 'none', clientContext: {}, resultInfo: [] })).toEqual({
      id: null,
      operation: {},
    });
    expect(toInvitation('rubbish')).toEqual({ id: null, invitation: {} });
    expect(toInvitation(null)).toEqual({ id: null, invitation: {} });
  });

  it('has its quirks understood: the invited user as an array, the cc list of one null, result codes as text, subCode', () => {
    const { invitation } = toInvitation({
      invitedUser: [{ id: 'g1' }],
      invitedUserMessageInfo: { ccRecipients: [{ emailAddress: { name: null, address: null } }, null] },
    });
    expect(invitation).toEqual({
      invitedUser: { id: 'g1' },
      invitedUserMessageInfo: { ccRecipients: [{ emailAddress: { name: null, address: null } }, null] },
    });
    expect(toOperation({ resultInfo: { code: '0', subCode: 5 } }).operation.resultInfo).toEqual({
      code: 0,
      subcode: 5,
    });
    expect(toOperation({ resultInfo: { code: 2 ** 40 } }).operation.resultInfo).toEqual({});
  });

  it('shows of the sponsors the users only', () => {
    const sponsors = [
      { id: 'u1' },
      { '@odata.type': '#microsoft.graph.user', id: 'u2' },
      { '@odata.type': '#microsoft.graph.group', id: 'g1' },
      'rubbish',
    ];
    expect(toInvitation({ invitedUserSponsors: sponsors }).invitation).toEqual({
      invitedUserSponsors: [{ id: 'u1' }, { id: 'u2' }],
    });
  });
});
