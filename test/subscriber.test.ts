/** Answers to subscribers: made once for all who ask the same, sent in order, no faster than they are taken. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'graphql';
import type { Caller } from '../src/auth/caller.ts';
import type { GraphQLContext } from '../src/context.ts';
import { SharedExecutions } from '../src/delivery/shared-execution.ts';
import { Subscriber, type Sink } from '../src/delivery/subscriber.ts';
import { createSchema } from '../src/schema.ts';
import { createBulkCounter } from '../src/tracking/bulk-updates.ts';
import { isFinished, type TrackingRecord } from '../src/tracking/record.ts';
import { Watch } from '../src/tracking/watch.ts';
import type { WatchEvent } from '../src/tracking/watch-event.ts';
import { caller, newInvitation, newOperation } from './support/records.ts';

const schema = createSchema();
const record = newOperation();
const at = (revision: number, members: Partial<TrackingRecord> = {}) =>
  ({ ...record, revision, ...members }) as TrackingRecord;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const OPERATION =
  'subscription { inviteParticipantsOperationUpdated(callId: "call", id: "x") { id tracking { revision } } }';
const HISTORY =
  'subscription { inviteParticipantsOperationUpdated(callId: "call", id: "x") { tracking { revision history { revision } } } }';
const INVITATION =
  'subscription ($id: ID!) { invitationUpdated(id: $id) { inviteRedeemUrl invitedUserSponsors { id } tracking { revision } } }';
const documents = new Map([OPERATION, HISTORY, INVITATION].map((text) => [text, parse(text)]));

/** Executions that are counted by the callers they were made for. */
function createExecutions(history = () => Promise.resolve([record])) {
  const executed: Caller[] = [];
  const executions = new SharedExecutions({
    createContext: (caller) => {
      executed.push(caller);
      return { caller, loaders: { history } } as unknown as GraphQLContext;
    },
    toText: (result) => JSON.stringify(result),
  });
  const share = (text: string, who: Caller = caller, variableValues = {}) =>
    executions.share({ schema, document: documents.get(text)!, variableValues }, who.permissions);
  return { executed, share };
}

function createWatch(viewer: Caller = caller): Watch<WatchEvent> {
  return new Watch({ viewer, isLast: isFinished, toEvent: (state) => state, onEnd: () => {} });
}

class TestSink implements Sink {
  readonly answers: string[] = [];
  isFull = false;
  #act: (() => void) | undefined;

  get revisions(): number[] {
    return this.answers.map((answer) => Number(/"revision":(\d+)/.exec(answer)?.[1]));
  }
  onceDrained(act: () => void) {
    this.#act = act;
  }
  send(answer: string) {
    this.answers.push(answer);
  }
  drain() {
    this.isFull = false;
    const act = this.#act;
    this.#act = undefined;
    act?.();
  }
}

describe('subscribers who ask the same', () => {
  it.each([
    ['at once', OPERATION],
    ['later', HISTORY],
  ])('get each change by one execution that ends %s, and every one of them each revision', async (_, text) => {
    const { executed, share } = createExecutions();
    const all = Array.from({ length: 1_000 }, () => {
      const [watch, sink] = [createWatch(), new TestSink()];
      const subscriber = new Subscriber({ watch, shared: share(text), sink });
      watch.open([at(1)]);
      return { watch, sink, ended: subscriber.next() };
    });
    for (const state of [at(2), at(3), at(4, { state: 'settled' })]) {
      for (const { watch } of all) watch.push(state);
      await nextTurn();
    }
    await Promise.all(all.map(({ ended }) => ended));
    for (const { sink } of all) expect(sink.revisions).toEqual([1, 2, 3, 4]);
    expect(executed).toHaveLength(4);
  });

  it('share nothing with those who ask another document, with other variables, or with other permissions', () => {
    const { executed, share } = createExecutions();
    const other = { ...caller, permissions: new Set(['Invitations.Read', 'CallInvitations.Read']) };
    const answers = [
      share(OPERATION).toText(at(1), caller),
      share(OPERATION).toText(at(1), caller),
      share(OPERATION, other).toText(at(1), other),
      share(OPERATION, caller, { a: 1 }).toText(at(1), caller),
      share(OPERATION, caller, { a: 2 }).toText(at(1), caller),
    ];
    expect(new Set(answers).size).toBe(1);
    expect(executed).toHaveLength(4);
    expect(executed.map(({ permissions }) => permissions.size)).toEqual([5, 2, 5, 5]);
  });

  it('share with others who may see the same, but never what is the owner’s alone', () => {
    const { executed, share } = createExecutions();
    const invitation = newInvitation();
    invitation.payload = { ...invitation.payload, inviteRedeemUrl: 'https://login.example.com/redeem' };
    const textFor = (who: Caller) =>
      JSON.parse(share(INVITATION, who, { id: 'i' }).toText(invitation, who) as string).data.invitationUpdated;
    const admin = { ...caller, subject: 'boss', isAdmin: true };
    expect([textFor(admin), textFor({ ...caller, subject: 'friend' })]).toMatchObject([
      { inviteRedeemUrl: null },
      { inviteRedeemUrl: null },
    ]);
    expect(textFor(caller)).toMatchObject({ inviteRedeemUrl: 'https://login.example.com/redeem' });
    expect(executed).toHaveLength(2);
    // What makes the answer knows nothing of whoever came first.
    expect(executed.map(({ subject, isAdmin, assertion }) => [subject, isAdmin, assertion])).toEqual([
      ['', false, null],
      [caller.subject, false, null],
    ]);
  });

  it('get what a bulk counts to, which is the same only for those who have seen the same', () => {
    const { executed, share } = createExecutions();
    const [one, two] = [newInvitation(), newInvitation()];
    const early = createBulkCounter([one, two]);
    const late = createBulkCounter([one, { ...two, state: 'active' }]);
    const shared = share(INVITATION, caller, { id: 'i' });
    for (const event of [early(one), early(one), late(one)]) void shared.toText(event, caller);
    expect(executed).toHaveLength(2);
  });

  it.each([OPERATION, HISTORY])('are told of a failure each, and nobody gets it later', async (text) => {
    let isBroken = true;
    const shared = new SharedExecutions({
      createContext: (caller) =>
        ({ caller, loaders: { history: () => Promise.resolve([record]) } }) as unknown as GraphQLContext,
      toText(result) {
        if (isBroken) throw new Error('broken');
        return JSON.stringify(result);
      },
    }).share({ schema, document: documents.get(text)! }, caller.permissions);
    const failing = [shared, shared].map((one) => {
      const [watch, sink] = [createWatch(), new TestSink()];
      watch.open([at(1)]);
      return new Subscriber({ watch, shared: one, sink }).next();
    });
    for (const result of await Promise.allSettled(failing)) expect(result).toMatchObject({ status: 'rejected' });
    isBroken = false;
    expect(await shared.toText(at(1), caller)).toContain('"revision":1');
  });
});

describe('a subscriber who reads slowly', () => {
  const subscribe = (records = 1) => {
    const [watch, sink] = [
      new Watch<WatchEvent>({
        viewer: caller,
        isLast: (state) => records === 1 && isFinished(state),
        toEvent: (state) => state,
        onEnd: () => {},
      }),
      new TestSink(),
    ];
    const subscriber = new Subscriber({ watch, shared: createExecutions().share(OPERATION), sink });
    watch.open([]);
    return { watch, sink, subscriber, ended: subscriber.next() };
  };

  it('gets the newest state and the final one, and nothing is held in between', async () => {
    const { watch, sink, ended } = subscribe();
    watch.push(at(1));
    sink.isFull = true;
    for (let revision = 2; revision <= 20; revision += 1) {
      watch.push(at(revision));
      await nextTurn();
    }
    sink.drain();
    expect(sink.revisions).toEqual([1, 20]);
    sink.isFull = true;
    watch.push(at(21));
    watch.push(at(22, { state: 'settled' }));
    await nextTurn();
    sink.drain();
    await ended;
    expect(sink.revisions).toEqual([1, 20, 22]);
  });

  it('misses nothing in a burst that the other side takes at once', async () => {
    const { watch, sink } = subscribe();
    sink.isFull = true;
    for (let revision = 1; revision <= 20; revision += 1) watch.push(at(revision));
    sink.drain();
    await nextTurn();
    expect(sink.revisions).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('gets nothing more once it has left', async () => {
    const { watch, sink, subscriber, ended } = subscribe();
    sink.isFull = true;
    watch.push(at(1));
    await subscriber.return();
    sink.drain();
    watch.push(at(2));
    expect(await ended).toEqual({ value: undefined, done: true });
    expect(sink.answers).toEqual([]);
  });

  it('sees rising revisions of every record and the last of each, whenever it reads', async () => {
    const step = fc.oneof(
      fc.record({ id: fc.constantFrom('a', 'b', 'c') }),
      fc.constantFrom('full' as const, 'drain' as const, 'turn' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const { watch, sink, subscriber } = subscribe(3);
        const latest = new Map<string, number>();
        for (const one of steps) {
          if (one === 'full') sink.isFull = true;
          else if (one === 'drain') sink.drain();
          else if (one === 'turn') await nextTurn();
          else {
            latest.set(one.id, (latest.get(one.id) ?? 0) + 1);
            const payload = { ...record.payload, clientContext: one.id };
            watch.push(at(latest.get(one.id)!, { id: one.id, graphId: one.id, payload } as Partial<TrackingRecord>));
          }
        }
        sink.drain();
        const seen = Map.groupBy(
          sink.answers.map((answer) => JSON.parse(answer).data.inviteParticipantsOperationUpdated),
          ({ id }) => id as string,
        );
        for (const [id, revision] of latest) {
          const revisions = seen.get(id)?.map(({ tracking }) => tracking.revision as number) ?? [];
          expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
          expect(revisions.at(-1)).toBe(revision);
        }
        await subscriber.return();
      }),
    );
  });
});
