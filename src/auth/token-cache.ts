// Keeps tokens for Graph, of the application and of each user, and renews them before they end.
import type { LoadToken, UserAssertion } from '../graph/token.ts';

export interface AccessToken {
  token: string;
  /** When it ends, in milliseconds since the epoch. */
  expiresAtMs: number;
}

export interface TokenCacheOptions {
  /** Fetches a new token, never one that was kept. */
  load: (user: UserAssertion | undefined) => Promise<AccessToken>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long one fetch may take; after it, another may begin. */
  timeoutMs?: number;
}

export interface TokenCache {
  loadToken: LoadToken;
  /** How many tokens are kept. */
  readonly size: number;
}

const TIMEOUT_MS = 10_000;
/** A token is renewed so long before its end, and nobody waits for it; one that lives for less than twice that, after half its life. */
const RENEW_AHEAD_MS = 5 * 60_000;
/** So long before its end whoever needs the token waits for the new one: a call may wait for its turn with it. */
const LEAST_LIFE_MS = 60_000;
/** After a failure nothing is fetched for so long, unless the authority says or the user brings another proof. */
const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;
const MOST_USERS = 10_000;
const SWEEP_EVERY_MS = 60_000;

interface Failure {
  error: unknown;
  /** Of the token that it was tried with. */
  assertion: string | undefined;
  untilMs: number;
}

interface Entry {
  token: (AccessToken & { renewAtMs: number; waitAtMs: number }) | undefined;
  loading: { token: Promise<string>; assertion: string | undefined } | undefined;
  failure: Failure | undefined;
}

export function createTokenCache({ load, now, timeoutMs = TIMEOUT_MS }: TokenCacheOptions): TokenCache {
  const application = createEntry();
  /** The least recently used first. */
  const users = new Map<string, Entry>();
  let sweptAtMs = -Infinity;

  const isAlive = ({ token }: Entry): boolean => token !== undefined && now() < token.expiresAtMs;

  function toEntry(user: UserAssertion | undefined): Entry {
    if (!user) return application;
    const key = JSON.stringify([user.tenantId, user.subject]);
    const known = users.get(key);
    if (!known) sweep();
    const entry = known ?? createEntry();
    users.delete(key);
    users.set(key, entry);
    return entry;
  }

  function sweep(): void {
    if (now() - sweptAtMs >= SWEEP_EVERY_MS) {
      sweptAtMs = now();
      for (const [key, entry] of users) if (!isAlive(entry) && !entry.loading && !isHeld(entry)) users.delete(key);
    }
    const [oldest] = users.keys();
    if (oldest !== undefined && users.size >= MOST_USERS) users.delete(oldest);
  }

  const isHeld = ({ failure }: Entry): boolean => failure !== undefined && now() < failure.untilMs;

  /** Whether the same would only be refused again. */
  const isVain = (entry: Entry, assertion: string | undefined): boolean =>
    isHeld(entry) && entry.failure?.assertion === assertion;

  function renew(entry: Entry, user: UserAssertion | undefined): Promise<string> {
    const assertion = user?.token;
    const token = fetchOnce(entry, user).finally(() => (entry.loading = undefined));
    entry.loading = { token, assertion };
    return token;
  }

  async function fetchOnce(entry: Entry, user: UserAssertion | undefined): Promise<string> {
    try {
      const loaded = await within(timeoutMs, load(user));
      const lifeMs = loaded.expiresAtMs - now();
      entry.token = {
        ...loaded,
        renewAtMs: loaded.expiresAtMs - Math.min(RENEW_AHEAD_MS, lifeMs / 2),
        waitAtMs: loaded.expiresAtMs - Math.min(LEAST_LIFE_MS, lifeMs / 10),
      };
      entry.failure = undefined;
      return loaded.token;
    } catch (error) {
      const { retryAfterMs } = error as { retryAfterMs?: unknown };
      const pauseMs = typeof retryAfterMs === 'number' ? Math.min(retryAfterMs, LONGEST_RETRY_MS) : 0;
      entry.failure = { error, assertion: user?.token, untilMs: now() + Math.max(pauseMs, RETRY_MS) };
      throw error;
    }
  }

  return {
    get size() {
      return users.size + (application.token ? 1 : 0);
    },
    async loadToken(user) {
      const entry = toEntry(user);
      for (;;) {
        const { token, loading } = entry;
        if (token && now() < token.waitAtMs) {
          if (now() >= token.renewAtMs && !loading && !isVain(entry, user?.token)) renew(entry, user).catch(() => {});
          return token.token;
        }
        if (!loading && isVain(entry, user?.token)) {
          if (token && isAlive(entry)) return token.token;
          throw entry.failure?.error;
        }
        try {
          return await (loading?.token ?? renew(entry, user));
        } catch (error) {
          if (token && isAlive(entry)) return token.token;
          // What the user's other token was refused for says nothing about this one.
          if (!loading || loading.assertion === user?.token) throw error;
        }
      }
    },
  };
}

function createEntry(): Entry {
  return { token: undefined, loading: undefined, failure: undefined };
}

/** Whatever hangs is left to itself. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no token came within ${ms} ms`)), ms);
    timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
