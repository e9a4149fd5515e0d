/** Delivers change notifications per receiver, in the order of the changes; what piled up goes in one message. */
import { toMessage, type WebhookSender } from './webhook-sender.ts';

export interface ChangeNotifier {
  /** Returns at once; the delivery happens later. */
  add(url: string, notification: Record<string, unknown>): void;
}

const MOST_PER_MESSAGE = 100;

export function createChangeNotifier(sender: WebhookSender, stopping: AbortSignal): ChangeNotifier {
  const waiting = new Map<string, Record<string, unknown>[]>();

  async function deliver(url: string, queue: Record<string, unknown>[]): Promise<void> {
    while (queue.length > 0 && !stopping.aborted) {
      const value = queue.splice(0, MOST_PER_MESSAGE);
      await sender.sendUntilTaken(toMessage('change', url, { value }));
    }
    waiting.delete(url);
  }

  return {
    add(url, notification) {
      const queue = waiting.get(url);
      if (queue) {
        queue.push(notification);
        return;
      }
      const started = [notification];
      waiting.set(url, started);
      // After the answer to the request that changed something, so that nobody waits for a receiver.
      setImmediate(() => void deliver(url, started));
    },
  };
}
