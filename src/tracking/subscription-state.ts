// What all replicas know of our subscription to changes of users: the state of the job `subscription`.

/** Where Graph sends changes of users, below our public address. */
export const CHANGES_PATH = '/webhooks/graph/changes';

export interface SubscriptionState {
  /** Null while there is none. */
  id: string | null;
  /** The secret that its notifications carry; known before Graph is asked, for notifications may come before its answer. */
  clientState: string | null;
  /** Milliseconds since 1970; null while there is none. */
  expiresAtMs: number | null;
  /** Where its notifications go. */
  notificationUrl: string | null;
  /** Tries in a row that failed. */
  failures: number;
}

/** @returns the state of a job; of one that was never done, or cannot be read, that there is no subscription. */
export function readSubscriptionState(text: string | null): SubscriptionState {
  let json: { [member in keyof SubscriptionState]?: unknown } = {};
  try {
    json = (JSON.parse(text ?? '{}') ?? {}) as typeof json;
  } catch {
    // Begun anew; what there may be at Graph is found when a second one is refused.
  }
  const { id, clientState, expiresAtMs, notificationUrl, failures } = json;
  return {
    id: typeof id === 'string' ? id : null,
    clientState: typeof clientState === 'string' ? clientState : null,
    expiresAtMs: typeof expiresAtMs === 'number' ? expiresAtMs : null,
    notificationUrl: typeof notificationUrl === 'string' ? notificationUrl : null,
    failures: typeof failures === 'number' ? failures : 0,
  };
}
