// One HTTP answer of Graph, read to its end.
import { toParts } from './batch-parts.ts';
import type { GovernedAnswer } from './scope-governor.ts';

export interface Answer extends GovernedAnswer {
  headers: Headers;
  /** The JSON; undefined when there is none. */
  body: unknown;
  /** Whether the body is JSON, or there is none. */
  isReadable: boolean;
}

interface RawAnswer {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: AsyncIterable<Uint8Array>;
}

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** @throws an error with the code `ANSWER_TOO_LARGE`, or as the connection does */
export async function readAnswer(raw: RawAnswer, { isBatch }: { isBatch: boolean }): Promise<Answer> {
  const headers = toHeaders(raw.headers);
  // Always read to the end: an unread body would keep its connection.
  const text = await toText(raw.body);
  const json = toJson(text);
  return {
    status: raw.statusCode,
    headers,
    header: (name) => headers.get(name),
    body: json?.value,
    isReadable: json !== undefined || text === '',
    parts: isBatch ? [...toParts(json?.value).values()] : [],
  };
}

/** Gateways in front of Graph answer with HTML or nothing: then the status is all there is. */
function toJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function toHeaders(raw: RawAnswer['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
  }
  return headers;
}

async function toText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw Object.assign(new Error('the answer is too large'), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
