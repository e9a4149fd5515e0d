import { describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import { developer } from '../src/auth/caller.ts';
import { createDeadline, leftOf } from '../src/deadline.ts';
import { createSchema } from '../src/schema.ts';

const schema = createSchema();
const never = () => new Promise(() => {});
const INVITE =
  'createInvitation(input: { invitedUserEmailAddress: "a@example.com", inviteRedirectUrl: "https://app.example.com" }) { id }';

/** Answers a document with the deadline that is given, and with services that are given. */
const answer = (source: string, deadline: { leftMs: number; mutationMs: number }, services: object) =>
  graphql({
    schema,
    source,
    contextValue: {
      caller: developer,
      deadline: { atMs: Date.now() + deadline.leftMs, mutationMs: deadline.mutationMs },
      ...services,
    },
  });

describe('the deadline of a request', () => {
  it('gives up a query whose answer does not come', async () => {
    const { data, errors } = await answer(
      '{ invitation(id: "x") { id } }',
      { leftMs: 30, mutationMs: 10 },
      { records: { find: never } },
    );
    expect([data, errors]).toMatchObject([{ invitation: null }, [{ extensions: { code: 'LIMIT_EXCEEDED' } }]]);
  });

  it('says of a mutation whose answer does not come that its outcome is not known', async () => {
    const { errors } = await answer(
      `mutation { ${INVITE} }`,
      { leftMs: 500, mutationMs: 10 },
      { tracker: { createInvitation: never } },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'OUTCOME_UNKNOWN' } }]);
  });

  it('does not begin a mutation that has not enough time left', async () => {
    const begun: string[] = [];
    const createInvitation = () => {
      begun.push('one');
      return never();
    };
    const { errors } = await answer(
      `mutation { ${INVITE} }`,
      { leftMs: 5_000, mutationMs: 6_000 },
      { tracker: { createInvitation } },
    );
    expect([begun, errors]).toMatchObject([
      [],
      [
        {
          message: expect.stringMatching(/not begun, but the ones before it may have been done/),
          extensions: { code: 'LIMIT_EXCEEDED' },
        },
      ],
    ]);
  });

  it('leaves time for two mutations, and to Graph what is left', () => {
    const deadline = createDeadline(60_000);
    expect(deadline.atMs - Date.now()).toBeGreaterThan(119_000);
    expect(leftOf(deadline, 60_000)).toBe(60_000);
    expect(leftOf({ ...deadline, atMs: Date.now() + 1_000 }, 60_000)).toBeLessThanOrEqual(1_000);
    expect(leftOf({ ...deadline, atMs: 0 }, 60_000)).toBe(1);
  });
});
