// The keys that an issuer signs with: found by its OpenID metadata, kept, and looked up again when an unknown one is used.
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { isLoopback } from '../environment.ts';

/** The keys are out of reach, so nothing can be said of a signature. */
export class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    super('the keys to check signatures with could not be loaded', { cause });
    this.name = 'KeysUnavailable';
  }
}

/** By private keys only: with a shared secret our copy of the public key would be one. */
export const SIGNING_ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512'.split(' ');

export interface SigningKeysOptions {
  metadataUrl: string;
  now: () => Date;
  /** Told each time that the keys cannot be loaded, a few times in a minute at the most. */
  onFailure?: (error: KeysUnavailable) => void;
}

interface Known {
  keys: ReturnType<typeof createRemoteJWKSet>;
  loadedAtMs: number;
}

/** As Microsoft's sample does. */
const REFRESH_MS = 2 * 3_600_000;
/** Anybody can name a key that does not exist: that makes us look again this often at the most. */
const LEAST_GAP_MS = 30_000;
/** The same while no key is known at all: then nothing that is real can be taken either. */
const FIRST_GAP_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** @returns what finds the key of a token; throws `KeysUnavailable`, or an error of jose when there is no such key. */
export function createSigningKeys({ metadataUrl, now, onFailure }: SigningKeysOptions): JWTVerifyGetKey {
  let known: Known | undefined;
  let loading: Promise<Known> | undefined;
  let triedAtMs = -Infinity;
  let failure: KeysUnavailable | undefined;

  async function loadKeys(): Promise<Known> {
    triedAtMs = Number(now());
    try {
      // When to load again is decided here, for a set of its own accord would fail when the keys it knows grow old.
      const keys = createRemoteJWKSet(await loadKeysUrl(metadataUrl), {
        timeoutDuration: TIMEOUT_MS,
        cacheMaxAge: Infinity,
        cooldownDuration: Infinity,
      });
      await keys.reload();
      // Whoever publishes none has made a mistake: those that are known go on.
      if (keys.jwks()?.keys.length === 0) throw new Error('the issuer publishes no keys');
      failure = undefined;
      return (known = { keys, loadedAtMs: Number(now()) });
    } catch (error) {
      failure = new KeysUnavailable(error);
      onFailure?.(failure);
      throw failure;
    }
  }
  const isTriedSince = (ms: number) => Number(now()) - triedAtMs < ms;
  const load = () => (loading ??= loadKeys().finally(() => (loading = undefined)));

  return async (header, token) => {
    if (!known && failure && !loading && isTriedSince(FIRST_GAP_MS)) throw failure;
    const current = known ?? (await load());
    const ageMs = Number(now()) - current.loadedAtMs;
    // Nobody waits for a refresh, and while it fails the keys that we know go on.
    if (ageMs > REFRESH_MS && !isTriedSince(LEAST_GAP_MS)) load().catch(() => {});
    try {
      return await current.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // It may be a key that we could not learn of.
      if (!loading && isTriedSince(LEAST_GAP_MS)) throw failure ?? error;
    }
    return (await load()).keys(header, token);
  };
}

async function loadKeysUrl(metadataUrl: string): Promise<URL> {
  const response = await fetch(metadataUrl, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const metadata: unknown = response.ok ? await response.json() : await response.body?.cancel();
  if (!response.ok) throw new Error(`the metadata of the issuer was answered with ${response.status}`);
  const address = (metadata as { jwks_uri?: unknown } | null)?.jwks_uri;
  const url = typeof address === 'string' ? URL.parse(address) : null;
  // What can be changed on the way proves nothing.
  if (!url || !isPrivate(url) || !isPrivate(new URL(response.url)))
    throw new Error('the metadata of the issuer leads to no keys behind https');
  return url;
}

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
