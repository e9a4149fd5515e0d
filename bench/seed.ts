// Brings operations into the gateway and into Graph the way clients do: by mutations.
import { askToInvite, type Place } from './documents.ts';
import { Pool } from 'undici';

const LANES = 32;

/** @returns where they are, by Graph's ids. @throws when one was not accepted */
export async function seedOperations(url: string, count: number): Promise<Place[]> {
  const pool = new Pool(url, { connections: LANES });
  const places: Place[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const callId = `call-${next++ % 100}`;
      const { body, check } = askToInvite(callId, (id) => places.push({ callId, id }));
      const answer = await pool.request({
        method: 'POST',
        path: '/graphql',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const wrong = check(await answer.body.text());
      if (wrong !== undefined) throw new Error(`an operation was not accepted: ${wrong}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await pool.close();
  return places;
}
