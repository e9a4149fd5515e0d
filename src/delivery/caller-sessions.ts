// Who is at the other end of a connection that stays: counted by caller, renewed by a new token, over when the token is.
import type { Authenticate, Session } from '../auth/session.ts';
import { GatewayError } from '../errors.ts';

export interface CallerSessionsOptions {
  authenticate: Authenticate;
  /** How many connections one caller may have here at once. */
  connectionsPerCaller: number;
}

/** A timer takes no more; who has a longer token is looked at again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The connections of all callers. */
export class CallerSessions {
  readonly #options: CallerSessionsOptions;
  readonly #counts = new Map<string, number>();

  constructor(options: CallerSessionsOptions) {
    this.#options = options;
  }

  /** @param onExpired told once, when the token is over: the connection must end, so that the client comes back with a new one */
  create(onExpired: (error: GatewayError) => void): CallerSession {
    return new CallerSession(this.#options, this.#counts, onExpired);
  }
}

/** One connection. */
export class CallerSession {
  readonly #options: CallerSessionsOptions;
  readonly #counts: Map<string, number>;
  readonly #onExpired: (error: GatewayError) => void;
  #current: Session | null = null;
  #expiry: NodeJS.Timeout | undefined;
  #hasEnded = false;
  /** One token after the other: what was sent last counts. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: CallerSessionsOptions, counts: Map<string, number>, onExpired: (error: GatewayError) => void) {
    this.#options = options;
    this.#counts = counts;
    this.#onExpired = onExpired;
  }

  /** Null before it has begun, and after its end. */
  get current(): Session | null {
    return this.#current;
  }

  /** @throws GatewayError `UNAUTHENTICATED`, `UPSTREAM_UNAVAILABLE`, or `LIMIT_EXCEEDED` when the caller has too many connections */
  begin(authorization: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const session = await this.#authenticate(authorization);
      if (this.#hasEnded) return;
      const count = this.#counts.get(toKey(session)) ?? 0;
      const most = this.#options.connectionsPerCaller;
      if (count >= most)
        throw new GatewayError('LIMIT_EXCEEDED', `More than ${most} connections of one caller. Close some of them.`);
      this.#counts.set(toKey(session), count + 1);
      this.#current = session;
      this.#watchExpiry(session);
    });
  }

  /**
   * Goes on with a new token: it must be the same caller's, and allow as much. The old one is good until its end when the new one
   * cannot be judged now.
   * @throws GatewayError `UNAUTHENTICATED`
   */
  renew(authorization: string): Promise<void> {
    return this.#inTurn(async () => {
      const session = await this.#authenticate(authorization).catch(unlessUnavailable);
      if (!this.#current || !session) return;
      if (toKey(session) !== toKey(this.#current)) throw unauthenticated('The new token is of another caller.');
      // What is under way was allowed by the old one.
      if (!hasAllOf(session, this.#current)) throw unauthenticated('The new token allows less. Connect again with it.');
      this.#current = session;
      this.#watchExpiry(session);
    });
  }

  /** To be called when the connection is over, or is to be: from then on nothing is asked for anybody. */
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

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #authenticate(authorization: string | undefined): Promise<Session> {
    const session = await this.#options.authenticate(authorization);
    if (session) return session;
    throw unauthenticated('Send a token as `authorization`: all that there is to watch needs one.');
  }

  #watchExpiry(session: Session): void {
    clearTimeout(this.#expiry);
    if (!session.expiresAt) return;
    const leftMs = Number(session.expiresAt) - Date.now();
    if (leftMs <= 0) {
      this.end();
      return this.#onExpired(unauthenticated('The token has expired. Connect again with a new one.'));
    }
    this.#expiry = setTimeout(() => this.#watchExpiry(session), Math.min(leftMs, LONGEST_TIMER_MS));
  }
}

function unlessUnavailable(error: unknown): null {
  if (error instanceof GatewayError && error.code === 'UPSTREAM_UNAVAILABLE') return null;
  throw error;
}

function hasAllOf({ caller }: Session, { caller: before }: Session): boolean {
  return caller.permissions.isSupersetOf(before.permissions) && (caller.isAdmin || !before.isAdmin);
}

function toKey({ caller: { tenantId, subject } }: Session): string {
  return JSON.stringify([tenantId, subject]);
}

function unauthenticated(message: string): GatewayError {
  return new GatewayError('UNAUTHENTICATED', message);
}
