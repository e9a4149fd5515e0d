/** Sends what Graph sends to others, and remembers how it was received. */
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';

export interface Message {
  kind: 'handshake' | 'change' | 'lifecycle' | 'call';
  url: string;
  headers: Record<string, string>;
  /** As it goes over the line. */
  body: string;
}

export interface Received {
  /** Null when no answer came. */
  status: number | null;
  contentType: string;
  text: string;
}

export interface SentMessage {
  /** Milliseconds since 1970. */
  at: number;
  kind: Message['kind'];
  url: string;
  body: unknown;
  /** Null when no answer came. */
  status: number | null;
}

export interface WebhookSender {
  /** Sends once. Never rejects. */
  send(message: Message, timeoutMs?: number): Promise<Received>;
  /** Sends again, a few times, while the answer is 5xx or missing. Never rejects. */
  sendUntilTaken(message: Message): Promise<void>;
  sent(): SentMessage[];
  clear(): void;
}

export interface WebhookSenderOptions {
  settings: { retryMs: number };
  now: () => number;
  /** Ends all sending. */
  stopping: AbortSignal;
}

const ANSWER_MS = 10_000;
const MOST_ATTEMPTS = 4;
const KEPT = 10_000;
const NO_ANSWER: Received = { status: null, contentType: '', text: '' };

export function createWebhookSender({ settings, now, stopping }: WebhookSenderOptions): WebhookSender {
  const agent = new Agent({ connections: 16 });
  stopping.addEventListener('abort', () => void agent.destroy(), { once: true });
  let kept: SentMessage[] = [];

  async function exchange({ url, headers, body }: Message, timeoutMs: number): Promise<Received> {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent, signal });
      const contentType = String(answer.headers['content-type'] ?? '');
      return { status: answer.statusCode, contentType, text: await answer.body.text() };
    } catch {
      return NO_ANSWER;
    }
  }

  async function send(message: Message, timeoutMs = ANSWER_MS): Promise<Received> {
    const received = await exchange(message, timeoutMs);
    const { kind, url } = message;
    kept.push({ at: now(), kind, url, body: parsed(message), status: received.status });
    if (kept.length >= 2 * KEPT) kept = kept.slice(-KEPT);
    return received;
  }

  return {
    send,
    async sendUntilTaken(message) {
      for (let attempt = 1; !stopping.aborted; attempt++) {
        const { status } = await send(message);
        if ((status !== null && status < 500) || attempt === MOST_ATTEMPTS) return;
        const gap = settings.retryMs * 2 ** (attempt - 1);
        await wait(gap, undefined, { signal: stopping, ref: false }).catch(() => undefined);
      }
    },
    sent: () => kept.slice(-KEPT),
    clear() {
      kept = [];
    },
  };
}

/** A message whose body is this object. */
export function toMessage(
  kind: Message['kind'],
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Message {
  return { kind, url, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function parsed({ body }: Message): unknown {
  return body === '' ? null : (JSON.parse(body) as unknown);
}
