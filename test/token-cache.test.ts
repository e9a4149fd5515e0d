import { beforeEach, describe, expect, it } from '@jest/globals';
import { createTokenCache, type AccessToken, type TokenCache } from '../src/auth/token-cache.ts';
import type { UserAssertion } from '../src/graph/token.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One fetch that the test answers. */
interface Fetch {
  user: UserAssertion | undefined;
  give(token: string, lifeMs?: number): void;
  fail(error?: unknown): void;
}

let nowMs: number;
let fetches: Fetch[];
let cache: TokenCache;

beforeEach(() => {
  nowMs = 1_000_000;
  fetches = [];
  cache = createTokenCache({
    now: () => nowMs,
    load: (user) =>
      new Promise<AccessToken>((resolve, reject) => {
        fetches.push({
          user,
          give: (token, lifeMs = HOUR) => resolve({ token, expiresAtMs: nowMs + lifeMs }),
          fail: (error = new Error('refused')) => reject(error as Error),
        });
      }),
  });
});

const user = (subject: string, token = `token of ${subject}`): UserAssertion => ({ tenantId: 't', subject, token });
const load = (as?: UserAssertion) => cache.loadToken(as);
/** Lets promises that are settled go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function fill(token: string, as?: UserAssertion): Promise<void> {
  const loading = load(as);
  fetches.at(-1)?.give(token);
  await loading;
}

describe('a token', () => {
  it('is fetched once for a hundred who ask at the same time, and for all who ask within its hour', async () => {
    const asking = Array.from({ length: 100 }, () => load());
    fetches[0]?.give('one');
    expect(new Set(await Promise.all(asking))).toEqual(new Set(['one']));
    for (let minute = 0; minute < 54; minute += 1) {
      nowMs += MINUTE;
      expect(await load()).toBe('one');
    }
    expect(fetches).toHaveLength(1);
  });

  it('is renewed five minutes ahead of its end, once, while everybody goes on with the old one', async () => {
    await fill('old');
    nowMs += 55 * MINUTE;
    expect(await Promise.all([load(), load(), load()])).toEqual(['old', 'old', 'old']);
    expect(fetches).toHaveLength(2);
    fetches[1]?.give('new');
    await settle();
    expect(await load()).toBe('new');
    expect(fetches).toHaveLength(2);
  });

  it('is waited for in the last minute of the old one', async () => {
    await fill('old');
    nowMs += 59 * MINUTE;
    const loading = load();
    fetches[1]?.give('new');
    expect(await loading).toBe('new');
  });

  it('of a short life is renewed after half of it, not again and again', async () => {
    const loading = load();
    fetches[0]?.give('short', MINUTE);
    await loading;
    nowMs += 29_000;
    expect(await load()).toBe('short');
    expect(fetches).toHaveLength(1);
    nowMs += 1_000;
    expect(await load()).toBe('short');
    expect(fetches).toHaveLength(2);
  });

  it('that lives is used while its renewal fails, which is tried every five seconds', async () => {
    await fill('old');
    nowMs += 56 * MINUTE;
    expect(await load()).toBe('old');
    fetches[1]?.fail();
    await settle();
    nowMs += 4_999;
    expect(await load()).toBe('old');
    expect(fetches).toHaveLength(2);
    nowMs += 1;
    expect(await load()).toBe('old');
    expect(fetches).toHaveLength(3);
    fetches[2]?.fail();
    await settle();
    nowMs += 3.5 * MINUTE;
    const loading = load();
    fetches[3]?.fail();
    // In its last minute it is waited for, and the old one is still good.
    expect(await loading).toBe('old');
    nowMs += MINUTE;
    const late = load();
    fetches[4]?.fail();
    await expect(late).rejects.toThrow('refused');
  });

  it('that cannot be had is not asked for again for five seconds, or for as long as the authority says', async () => {
    const first = load();
    fetches[0]?.fail();
    await expect(first).rejects.toThrow('refused');
    await expect(load()).rejects.toThrow('refused');
    expect(fetches).toHaveLength(1);
    nowMs += 5_000;
    const second = load();
    fetches[1]?.fail(Object.assign(new Error('throttled'), { retryAfterMs: 30_000 }));
    await expect(second).rejects.toThrow('throttled');
    nowMs += 29_999;
    await expect(load()).rejects.toThrow('throttled');
    nowMs += 1;
    await fill('at last');
    expect(await load()).toBe('at last');
  });

  it('that never comes is given up, and the next one is fetched', async () => {
    const hanging = createTokenCache({
      now: () => nowMs,
      timeoutMs: 20,
      load: (as) => {
        fetches.push({ user: as, give: () => {}, fail: () => {} });
        return fetches.length === 1
          ? new Promise(() => {})
          : Promise.resolve({ token: 'second', expiresAtMs: nowMs + HOUR });
      },
    });
    await expect(Promise.all([hanging.loadToken(), hanging.loadToken()])).rejects.toThrow('no token came within 20 ms');
    expect(fetches).toHaveLength(1);
    nowMs += 5_000;
    expect(await hanging.loadToken()).toBe('second');
  });
});

describe('the token of a user', () => {
  it('is nobody else’s: not of another user, another directory, or the application', async () => {
    await fill('app');
    await fill('a', user('a'));
    await fill('b', user('b'));
    await fill('other a', { ...user('a'), tenantId: 'u' });
    expect(fetches.map((fetch) => fetch.user?.subject)).toEqual([undefined, 'a', 'b', 'a']);
    expect(await Promise.all([load(), load(user('a')), load(user('b'))])).toEqual(['app', 'a', 'b']);
    // A user who comes with a new token is the same user.
    expect(await load(user('a', 'newer'))).toBe('a');
    expect(fetches).toHaveLength(4);
  });

  it('is fetched once for many who ask at the same time', async () => {
    const asking = Array.from({ length: 10 }, () => load(user('a')));
    fetches[0]?.give('a');
    expect(new Set(await Promise.all(asking))).toEqual(new Set(['a']));
    expect(fetches).toHaveLength(1);
  });

  it('is tried with another proof at once, also by who waited while the first was refused', async () => {
    const first = load(user('a', 'stale'));
    const second = load(user('a', 'fresh'));
    fetches[0]?.fail();
    await expect(first).rejects.toThrow('refused');
    await settle();
    expect(fetches[1]?.user?.token).toBe('fresh');
    fetches[1]?.fail();
    await expect(second).rejects.toThrow('refused');
    await expect(load(user('a', 'fresh'))).rejects.toThrow('refused');
    expect(fetches).toHaveLength(2);
    const third = load(user('a', 'freshest'));
    fetches[2]?.give('a');
    expect(await third).toBe('a');
  });

  it('leaves when it has ended', async () => {
    for (const name of ['a', 'b', 'c']) await fill(name, user(name));
    expect(cache.size).toBe(3);
    nowMs += 61 * MINUTE;
    await fill('d', user('d'));
    expect(cache.size).toBe(1);
  });

  it('leaves when ten thousand others were used since', async () => {
    for (let index = 0; index < 10_000; index += 1) await fill(`t${index}`, user(`u${index}`));
    expect(await load(user('u0'))).toBe('t0');
    await fill('one more', user('one more'));
    expect(cache.size).toBe(10_000);
    expect(await load(user('u0'))).toBe('t0');
    expect(fetches).toHaveLength(10_001);
    await fill('again', user('u1'));
    expect(fetches).toHaveLength(10_002);
  });
});
