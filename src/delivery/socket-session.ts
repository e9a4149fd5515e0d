// Who is at the other end of a socket: told by its first message, renewed by pings, ended when the token expires.
import { authorizationOf, type Authenticate, type Session } from '../auth/session.ts';
import { GatewayError } from '../errors.ts';

/** Ends the socket, with a close code of WebSocket or of graphql-transport-ws. */
export type Close = (code: number, reason: string) => void;

type Payload = Readonly<Record<string, unknown>> | null | undefined;

export const FORBIDDEN = 4403;
export const TRY_AGAIN_LATER = 1013;
/** A timer takes no more; who has a longer token is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SocketSessionsOptions {
  authenticate: Authenticate;
  /** How many sockets one caller may have here at once. */
  socketsPerCaller: number;
}

/** The sockets of all callers. */
export class SocketSessions {
  readonly #options: SocketSessionsOptions;
  readonly #counts = new Map<string, number>();

  constructor(options: SocketSessionsOptions) {
    this.#options = options;
  }

  create(close: Close): SocketSession {
    return new SocketSession(this.#options, this.#counts, close);
  }
}

/** One socket. What is not good enough closes it, so that the client comes back with a new token. */
export class SocketSession {
  readonly #options: SocketSessionsOptions;
  readonly #counts: Map<string, number>;
  readonly #close: Close;
  #current: Session | null = null;
  #expiry: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(options: SocketSessionsOptions, counts: Map<string, number>, close: Close) {
    this.#options = options;
    this.#counts = counts;
    this.#close = close;
  }

  /** Null before the first message, and after the end. */
  get current(): Session | null {
    return this.#current;
  }

  /** @returns whether the socket may stay */
  async begin(payload: Payload): Promise<boolean> {
    const session = await this.#authenticate(payload);
    if (!session || this.#hasEnded) return false;
    const count = this.#counts.get(toKey(session)) ?? 0;
    if (count >= this.#options.socketsPerCaller) {
      this.#close(TRY_AGAIN_LATER, `More than ${this.#options.socketsPerCaller} sockets of one caller: close some`);
      return false;
    }
    this.#counts.set(toKey(session), count + 1);
    this.#current = session;
    this.#watchExpiry(session);
    return true;
  }

  /** Goes on with the token of a ping that has one: it must be the same caller's, and allow as much. */
  async renew(payload: Payload): Promise<void> {
    if (!this.#current || authorizationOf(payload) === undefined) return;
    const session = await this.#authenticate(payload);
    if (!session || !this.#current) return;
    if (toKey(session) !== toKey(this.#current)) return this.#close(FORBIDDEN, 'The new token is of another caller');
    // What is under way was allowed by the old one.
    if (!hasAllOf(session, this.#current)) return this.#close(FORBIDDEN, 'The new token allows less: connect with it');
    this.#current = session;
    this.#watchExpiry(session);
  }

  /** To be called when the socket is closed. */
  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#expiry);
    if (!this.#current) return;
    const key = toKey(this.#current);
    const count = (this.#counts.get(key) ?? 1) - 1;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
    this.#current = null;
  }

  async #authenticate(payload: Payload): Promise<Session | null> {
    try {
      const session = await this.#options.authenticate(authorizationOf(payload));
      if (!session) this.#close(FORBIDDEN, 'Send a token in the payload of connection_init: authorization');
      return session;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#close(error.code === 'UNAUTHENTICATED' ? FORBIDDEN : TRY_AGAIN_LATER, error.message.slice(0, 120));
      return null;
    }
  }

  #watchExpiry(session: Session): void {
    clearTimeout(this.#expiry);
    if (!session.expiresAt) return;
    const leftMs = Number(session.expiresAt) - Date.now();
    if (leftMs <= 0) return this.#close(FORBIDDEN, 'The token has expired: connect with a new one');
    this.#expiry = setTimeout(() => this.#watchExpiry(session), Math.min(leftMs, LONGEST_TIMER_MS));
  }
}

function hasAllOf({ caller }: Session, { caller: before }: Session): boolean {
  return caller.permissions.isSupersetOf(before.permissions) && (caller.isAdmin || !before.isAdmin);
}

function toKey({ caller: { tenantId, subject } }: Session): string {
  return JSON.stringify([tenantId, subject]);
}
