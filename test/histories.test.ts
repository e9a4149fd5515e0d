import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmulator, type Emulator } from '../src/emulator/emulator.ts';
import { GatewayError } from '../src/errors.ts';
import type { OperationRecord } from '../src/tracking/record.ts';
import type { Store } from '../src/tracking/store.ts';
import { administer, type EmulatorAdmin, type Json } from './support/gateway.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

const CALL = 'call';
const CONTEXT = 'context';
const DEADLINE_MS = 300_000;

/** What happens to one operation, one after the other. */
type Event =
  | 'invited'
  | 'invited, hidden'
  | 'the answer is final'
  | 'the answer is lost'
  | 'Graph fails'
  | 'Graph throttles'
  | 'refused'
  | 'the sender dies'
  | 'completes'
  | 'fails'
  | 'says nothing'
  | 'says a new word'
  | 'polled'
  | 'polled in vain'
  | 'forgotten'
  | 'told completed'
  | 'told failed'
  | 'told running'
  | 'told of participants'
  | 'told by id'
  | 'told by address'
  | 'told gone without a status'
  | 'told of another'
  | 'the deadline passes';

interface End {
  state: OperationRecord['state'];
  reason?: OperationRecord['reason'];
  status?: string | null;
}

const running: End = { state: 'active', status: 'running' };
const completed: End = { state: 'settled', status: 'completed' };
const failed: End = { state: 'settled', status: 'failed' };

/** What a reader of Graph's reference pages expects at the end of each. */
const histories: readonly (readonly [string, readonly Event[], End])[] = [
  ['runs', ['invited', 'polled'], running],
  ['completes', ['invited', 'polled', 'completes', 'polled'], completed],
  ['fails', ['invited', 'fails', 'polled'], failed],
  ['is final at once, and no notification follows', ['the answer is final'], completed],
  ['says nothing, which means that it runs', ['invited', 'says nothing', 'polled'], running],
  [
    'says a word that is newer than we are',
    ['invited', 'says a new word', 'polled'],
    { state: 'active', status: 'unknownFutureValue' },
  ],
  ['goes on after a new word', ['invited', 'says a new word', 'polled', 'completes', 'polled'], completed],
  ['survives reads in vain', ['invited', 'polled in vain', 'polled in vain', 'completes', 'polled'], completed],
  ['is missing once, by a server that lags', ['invited', 'forgotten', 'polled'], running],
  [
    'is forgotten, and all are in the call',
    ['invited', 'completes', 'forgotten', 'polled', 'polled'],
    { state: 'settled', reason: 'joined', status: 'running' },
  ],
  [
    'is forgotten, and nobody knows',
    ['invited, hidden', 'completes', 'forgotten', 'polled', 'polled'],
    { state: 'unknown', reason: 'goneFromGraph', status: 'running' },
  ],
  [
    'is forgotten, but a notification comes late',
    ['invited, hidden', 'completes', 'forgotten', 'polled', 'polled', 'told completed'],
    completed,
  ],
  ['is told by notification, as documented', ['invited', 'told completed'], completed],
  ['is told of its failure', ['invited', 'told failed'], failed],
  ['is told without an id, at the address of participants', ['invited', 'told of participants'], completed],
  ['is told by its id alone', ['invited', 'told by id'], completed],
  ['is told by the address alone', ['invited', 'told by address'], completed],
  ['is told again and again', ['invited', 'told completed', 'told completed', 'told completed'], completed],
  ['is told out of order', ['invited', 'told completed', 'told running'], completed],
  ['is told running only', ['invited', 'told running'], running],
  ['is told completed, then failed: the first end counts', ['invited', 'told completed', 'told failed'], completed],
  ['is polled as running after it was told completed', ['invited', 'told completed', 'polled'], completed],
  ['is told that it is gone, without the outcome', ['invited', 'told gone without a status'], running],
  ['is not confused with another operation', ['invited', 'told of another'], running],
  [
    'outlives its deadline',
    ['invited', 'the deadline passes', 'polled'],
    { state: 'unknown', reason: 'deadlineExceeded', status: 'running' },
  ],
  ['ends at the very last read', ['invited', 'completes', 'the deadline passes', 'polled'], completed],
  ['is told after its deadline', ['invited', 'the deadline passes', 'polled', 'told completed'], completed],
  [
    'is not brought back by a late sign of life',
    ['invited', 'the deadline passes', 'polled', 'told running'],
    { state: 'unknown', reason: 'deadlineExceeded', status: 'running' },
  ],
  ['loses its answer', ['the answer is lost'], { state: 'unknown', reason: 'ambiguous', status: null }],
  ['may have been made by a failing Graph', ['Graph fails'], { state: 'unknown', reason: 'ambiguous', status: null }],
  ['loses its answer, and is told', ['the answer is lost', 'told completed'], completed],
  [
    'loses its answer, is told running, and is followed again',
    ['the answer is lost', 'told running', 'completes', 'polled'],
    completed,
  ],
  ['loses its sender', ['the sender dies', 'polled'], { state: 'unknown', reason: 'ambiguous', status: null }],
  ['loses its sender, and is told', ['the sender dies', 'told completed'], completed],
  ['is throttled: nothing was sent', ['Graph throttles'], { state: 'settled', reason: 'notSent', status: null }],
  ['is refused', ['refused'], { state: 'settled', reason: 'refused', status: null }],
  [
    'is refused, and nothing can change that',
    ['refused', 'told of another', 'the deadline passes', 'polled'],
    { state: 'settled', reason: 'refused', status: null },
  ],
];

describe.each(engines)('an operation on $name', ({ open }) => {
  let engine: Engine;
  let store: Store;
  let emulator: Emulator;
  let graph: EmulatorAdmin;
  let upstream: ReturnType<typeof createUpstream>;
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    engine = await open();
    store = await engine.openStore();
    emulator = createEmulator({ operationMs: 86_400_000 });
    const baseUrl = await emulator.start();
    graph = administer(baseUrl);
    upstream = createUpstream({
      store,
      baseUrl,
      now: () => new Date(Date.now() + aheadMs),
      timeoutMs: 1_000,
      intervalMs: 2_000,
      operationDeadlineMs: DEADLINE_MS,
    });
  });
  afterEach(async () => {
    await upstream.stop();
    await emulator.stop();
    await engine.close();
  });

  const find = async () => {
    const [record] = await store.findOperations({ clientContexts: [CONTEXT], graphIds: [] });
    return record as OperationRecord;
  };
  const graphId = async () => ((await graph.operations()).at(-1) as Json)['id'] as string;
  const invite = (hidden = false) =>
    upstream.tracker
      .inviteParticipants(
        CALL,
        { participants: [{ identity: { user: { id: 'u1' } }, hidden }], clientContext: CONTEXT },
        caller,
      )
      .catch((error: unknown) => {
        if (!(error instanceof GatewayError)) throw error;
      });
  const inviteWith = async (effect: Json) => {
    await graph.fault({ method: 'POST', path: '/invite$', times: 1, effect });
    await invite();
    await graph.clearFaults();
  };
  const poll = async () => {
    await engine.backDate(3_600_000);
    await upstream.poller.tick();
  };
  const tell = async (resourceData: Json, place = 'operations/none', changeType = 'deleted') => {
    const item = { changeType, resourceUrl: `/communications/calls/${CALL}/${place}`, resourceData };
    await store.addNotifications([JSON.stringify(item)]);
    await upstream.notifications.tick();
  };
  const operation = (members: Json) => ({ '@odata.type': '#microsoft.graph.inviteParticipantsOperation', ...members });

  const events: { [Name in Event]: () => Promise<unknown> } = {
    invited: () => invite(),
    'invited, hidden': () => invite(true),
    'the answer is final': () => inviteWith({ kind: 'merge', body: { status: 'Completed' } }),
    'the answer is lost': () => inviteWith({ kind: 'cut', when: 'after' }),
    'Graph fails': () => inviteWith({ kind: 'errorAfter', status: 500 }),
    'Graph throttles': () => inviteWith({ kind: 'status', status: 429, retryAfter: '60' }),
    refused: () => inviteWith({ kind: 'status', status: 403 }),
    'the sender dies': async () => {
      await graph.fault({ method: 'POST', path: '/invite$', effect: { kind: 'hang' } });
      const sent = invite();
      while ((await graph.operations()).length === 0) await new Promise((resolve) => setImmediate(resolve));
      // Another replica finds the lease at its end before the sender is heard of.
      await poll();
      await graph.clearFaults();
      await sent;
    },
    completes: async () => graph.endOperation(await graphId(), 'completed'),
    fails: async () => graph.endOperation(await graphId(), 'failed'),
    'says nothing': () =>
      graph.fault({ path: '/operations/', times: 1, effect: { kind: 'merge', body: { status: null } } }),
    'says a new word': () =>
      graph.fault({ path: '/operations/', times: 1, effect: { kind: 'merge', body: { status: 'Pondering' } } }),
    polled: poll,
    'polled in vain': async () => {
      await graph.fault({ path: '/operations/', times: 1, effect: { kind: 'status', status: 500 } });
      await poll();
    },
    forgotten: () => graph.fault({ path: '/operations/', times: 2, effect: { kind: 'status', status: 404 } }),
    'told completed': () => tell(operation({ clientContext: CONTEXT, status: 'Completed' })),
    'told failed': () => tell(operation({ clientContext: CONTEXT, status: 'failed' })),
    'told running': async () => {
      const notice = operation({ clientContext: CONTEXT, id: await graphId(), status: 'running' });
      await tell(notice, `operations/${await graphId()}`, 'updated');
    },
    'told of participants': () =>
      tell(operation({ id: null, clientContext: CONTEXT, status: 'completed' }), 'operations/participants'),
    'told by id': async () => tell(operation({ id: await graphId(), status: 'completed' })),
    'told by address': async () => tell(operation({ status: 'completed' }), `operations/${await graphId()}`),
    'told gone without a status': () => tell(operation({ clientContext: CONTEXT })),
    'told of another': () => tell(operation({ id: 'another', clientContext: 'another', status: 'completed' })),
    'the deadline passes': async () => void (aheadMs += DEADLINE_MS + 1_000),
  };

  it.each(histories)('%s', async (_, history, end) => {
    const revisions: number[] = [];
    for (const event of history) {
      await events[event]();
      revisions.push((await find()).revision);
    }
    const { state, reason, payload, dueAt } = await find();
    expect({ state, reason, status: payload.status ?? null }).toEqual({ reason: null, ...end });
    expect(dueAt === null).toBe(state === 'settled' || state === 'unknown');
    expect(revisions).toEqual(revisions.toSorted((one, other) => one - other));
    const posts = (await graph.counts()).byRoute['POST /communications/calls/{}/participants/invite'];
    expect(posts).toBe(1);
  });
});
