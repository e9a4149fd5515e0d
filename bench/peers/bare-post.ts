// The physical limit of a mutation: a process that does nothing but POST invitations to Graph with undici.
import { Pool } from 'undici';

const { GRAPH_URL = '' } = process.env;
const pool = new Pool(GRAPH_URL, { connections: 32 });
const LANES = 32;

interface Work {
  post?: { count: number; callId: string; body: object };
}

/** Answers with the milliseconds of CPU that the POSTs took; with -1 when one was not accepted. */
process.on('message', ({ post }: Work) => {
  if (post) void run(post).then((answer) => process.send?.({ answer }));
});

async function run({ count, callId, body }: NonNullable<Work['post']>): Promise<number> {
  const before = process.cpuUsage();
  const path = `/v1.0/communications/calls/${callId}/participants/invite`;
  let left = count;
  let refused = 0;
  const lane = async () => {
    while (left-- > 0) {
      const answer = await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', authorization: 'Bearer token' },
        body: JSON.stringify(body),
      });
      const { id } = (await answer.body.json()) as { id?: string };
      if (answer.statusCode !== 200 || !id) refused += 1;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const { user, system } = process.cpuUsage(before);
  return refused > 0 ? -1 : (user + system) / 1_000;
}

process.stdout.write(`${JSON.stringify({ msg: 'listening', url: GRAPH_URL })}\n`);
