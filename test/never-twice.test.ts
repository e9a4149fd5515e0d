import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createEmulator } from '../src/emulator/emulator.ts';
import { GatewayError } from '../src/errors.ts';
import { administer, type EmulatorAdmin, type Json } from './support/gateway.ts';
import { caller } from './support/records.ts';
import { engines, type Engine } from './support/stores.ts';
import { createUpstream } from './support/upstream.ts';

jest.setTimeout(600_000);

/** Long enough that what may be repeated is. */
const TIMEOUT_MS = 700;
/** On each of the two stores. */
const RUNS = 500;
/** Most of a run is waiting: so many are made side by side, each lane with a Graph and a store of its own. */
const LANES = 10;

/** What may befall a POST, alone or in a batch. */
const effect = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('0', '0.01', '-1', 'NaN', '', 'Thu, 01 Jan 1970 00:00:00 GMT')
      .map((retryAfter) => ({ kind: 'status', status: 429, ...(retryAfter ? { retryAfter } : {}) })),
  },
  {
    weight: 6,
    arbitrary: fc.constantFrom(400, 403, 408, 409, 500, 502, 503, 504).map((status) => ({ kind: 'status', status })),
  },
  {
    weight: 10,
    arbitrary: fc.constantFrom<Json>(
      { kind: 'cut', when: 'before' },
      { kind: 'cut', when: 'after' },
      { kind: 'errorAfter', status: 500 },
      { kind: 'errorAfter', status: 503 },
      { kind: 'html', status: 502 },
      { kind: 'wrap' },
      { kind: 'dropPart' },
      { kind: 'doublePart' },
      { kind: 'body', status: 200, contentType: 'application/json', text: '{"status":' },
      { kind: 'body', status: 201, contentType: 'text/html', text: '<html></html>' },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<Json>({ kind: 'hang' }, { kind: 'delay', ms: TIMEOUT_MS + 50 }) },
);
const fault = fc.record({
  path: fc.constantFrom('^/invitations$', '/participants/invite$', '^/\\$batch$'),
  skip: fc.nat({ max: 2 }),
  times: fc.integer({ min: 1, max: 3 }),
  effect,
});
const action = fc.oneof(
  fc.record({ kind: fc.constant('invite' as const), again: fc.boolean() }),
  fc.record({ kind: fc.constant('call' as const), again: fc.boolean() }),
  fc.record({ kind: fc.constant('bulk' as const), count: fc.integer({ min: 1, max: 23 }) }),
);
const run = fc.record({
  faults: fc.array(fault, { minLength: 1, maxLength: 3 }),
  actions: fc.array(action, { minLength: 1, maxLength: 3 }),
  /** Whether the gateway dies while it sends, and another goes on with the store. */
  dies: fc.boolean(),
});

describe.each(engines)('whatever befalls Graph and the gateway on $name', ({ open }) => {
  it(`nobody is invited twice, and no record is left behind, in ${RUNS} runs`, async () => {
    await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(open, lane)));
  });
});

async function runLane(open: () => Promise<Engine>, lane: number): Promise<void> {
  const engine = await open();
  const store = await engine.openStore();
  const emulator = createEmulator({ operationMs: 0 });
  const baseUrl = await emulator.start();
  const graph = administer(baseUrl);
  let lastName = 0;

  /** A gateway's upstream side, of which several work on the store one after the other. */
  const createReplica = (aheadMs = 0) =>
    createUpstream({
      store,
      baseUrl,
      now: () => new Date(Date.now() + aheadMs),
      timeoutMs: TIMEOUT_MS,
      intervalMs: 20,
    });

  const refusal = (error: unknown) => {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).not.toBe('INTERNAL_SERVER_ERROR');
  };

  try {
    await fc.assert(
      fc.asyncProperty(run, async ({ faults, actions, dies }) => {
        await engine.run('delete from record');
        await graph.clearRequests();
        for (const each of faults) await graph.fault({ method: 'POST', ...each });
        const first = createReplica();
        const { tracker } = first;
        const input = () => {
          lastName += 1;
          const name = `guest${lane}-${lastName}`;
          return {
            invitedUserEmailAddress: `${name}@fabrikam.example`,
            inviteRedirectUrl: 'https://app.example.com',
            idempotencyKey: name,
          };
        };
        const underWay = actions.flatMap(({ kind, ...how }) => {
          if (kind === 'bulk') {
            const inputs = Array.from({ length: 'count' in how ? how.count : 1 }, input);
            return [tracker.createInvitations(inputs, caller).then(() => first.sender.tick())];
          }
          const times = 'again' in how && how.again ? 2 : 1;
          const one = input();
          const call = {
            participants: [{ identity: { user: { id: one.idempotencyKey } } }],
            idempotencyKey: one.idempotencyKey,
            clientContext: one.idempotencyKey,
          };
          return Array.from({ length: times }, () =>
            (kind === 'invite'
              ? tracker.createInvitation(one, caller)
              : tracker.inviteParticipants('call', call, caller)
            ).catch(refusal),
          );
        });
        if (dies) {
          await Promise.race([...underWay, new Promise((resolve) => setImmediate(resolve))]);
          await first.stop();
        }
        await Promise.all(underWay);
        if (!dies) await first.stop();
        await graph.clearFaults();

        // Late enough that a guest who is not there yet will never be.
        const second = createReplica(200_000);
        for (let pass = 0; pass < 3; pass += 1) {
          await engine.backDate(3_600_000);
          await second.sender.tick();
          await second.sweeper.tick();
          await second.poller.tick();
        }
        await second.stop();

        const attempts = Map.groupBy(await attemptsAt(graph), ({ key }) => key);
        for (const [key, made] of attempts) {
          const mayHaveWorked = made.filter(({ status }) => status !== 429);
          expect([key, mayHaveWorked.length]).toEqual([key, Math.min(mayHaveWorked.length, 1)]);
        }
        expect(await engine.run("select state, work from record where state = 'submitting'")).toEqual([]);
      }),
      // To shrink a failure would take minutes: each step is a run.
      { numRuns: RUNS / LANES, endOnFailure: true },
    );
    const guests = (await graph.invitations()).map(({ mail }) => mail as string);
    expect(new Set(guests).size).toBe(guests.length);
  } finally {
    await emulator.stop();
    await engine.close();
  }
}

/** @returns every POST that reached Graph, by what it would make; status null: the answer never left. */
async function attemptsAt(graph: EmulatorAdmin): Promise<{ key: string; status: number | null }[]> {
  const requests = await graph.requests();
  return requests.flatMap((request) => {
    const parts = (request['parts'] as Json[] | undefined) ?? [request];
    return parts.flatMap(({ method, body, status }) => {
      const key = (body?.invitedUserEmailAddress ?? body?.clientContext) as string | undefined;
      return method === 'POST' && key !== undefined ? [{ key, status: status as number | null }] : [];
    });
  });
}
