// Asks a server the same kind of question over many kept connections, and counts what was answered wrongly.
import { Pool } from 'undici';

export interface Question {
  body: string;
  /** @returns what is wrong with the answer, undefined when nothing is. */
  check: (text: string) => string | undefined;
}

export interface Load {
  answers: number;
  seconds: number;
  /** How many answers were wrong. */
  errors: number;
  firstError: string | undefined;
}

export interface LoadOptions {
  url: string;
  path: string;
  /** @param index counts the questions of this load */
  question: (index: number) => Question;
  connections: number;
  /** For so long new questions are asked. */
  durationMs: number;
}

export async function runLoad({ url, path, question, connections, durationMs }: LoadOptions): Promise<Load> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const load: Load = { answers: 0, seconds: 0, errors: 0, firstError: undefined };
  let asked = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;

  async function ask(): Promise<void> {
    while (performance.now() < endsAt) {
      const { body, check } = question(asked++);
      let wrong: string | undefined;
      try {
        const answer = await pool.request({ method: 'POST', path, headers, body });
        const text = await answer.body.text();
        wrong = answer.statusCode === 200 ? check(text) : `status ${answer.statusCode}: ${text.slice(0, 300)}`;
      } catch (error) {
        wrong = String(error);
      }
      load.answers += 1;
      if (wrong === undefined) continue;
      load.errors += 1;
      load.firstError ??= wrong;
    }
  }

  await Promise.all(Array.from({ length: connections }, ask));
  load.seconds = (performance.now() - startedAt) / 1_000;
  await pool.close();
  return load;
}
