/** Asks a receiver of notifications to repeat a token, before it is told anything. */
import { GraphRefusal } from './graph-answer.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** @throws GraphRefusal 400 unless the receiver answers 200, as plain text, with the token and nothing else. */
export async function shakeHands(sender: WebhookSender, url: string, id: string, withinMs: number): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${id}`;
  const query = new URLSearchParams({ validationToken: token }).toString();
  const received = await sender.send(
    {
      kind: 'handshake',
      url: `${url}${url.includes('?') ? '&' : '?'}${query}`,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: '',
    },
    withinMs,
  );
  const { status, contentType, text } = received;
  if (status === 200 && /^text\/plain\b/i.test(contentType) && text === token) return;
  const reason =
    status === null
      ? 'No answer came in time.'
      : `Expected 200 with the token as text/plain, found ${status} with '${contentType}'.`;
  throw new GraphRefusal(400, 'ValidationError', `Subscription validation request failed. ${reason}`);
}
