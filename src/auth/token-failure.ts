// What it means when no token comes: for the user on whose behalf it was asked for, and for whoever runs the gateway.
import { GraphSignIn } from '../graph/graph-error.ts';
import type { AuthorityRefusal } from './authority-answer.ts';

/** No token can be had, and no caller can mend it. The message is fit for a log. */
export class TokenUnavailable extends Error {
  /** Tells one cause from another, such as `AADSTS7000215`. */
  readonly code: string;
  /** Whether somebody answered at all. */
  readonly isAnswered: boolean;
  readonly retryAfterMs: number | null;

  constructor(code: string, message: string, refusal: AuthorityRefusal | undefined) {
    super(message);
    this.name = 'TokenUnavailable';
    this.code = code;
    this.isAnswered = refusal !== undefined;
    this.retryAfterMs = refusal?.retryAfterMs ?? null;
  }
}

/** What is up to the user: the proof that we brought was refused, not we. */
const USER_ERRORS = new Set(['invalid_grant', 'interaction_required', 'login_required', 'consent_required']);
/** The user or administrator has not consented to use the application. */
const NO_CONSENT = 65_001;
/** The user's token is for another application than ours: no new one would be any better. */
const WRONG_AUDIENCE = 500_131;

/**
 * @param error what the library threw
 * @param refusal what the authority had answered
 * @param secrets texts that must not be told on
 */
export function toTokenFailure(
  error: unknown,
  refusal: AuthorityRefusal | undefined,
  { isForUser, secrets }: { isForUser: boolean; secrets: readonly string[] },
): GraphSignIn | TokenUnavailable {
  const isOfUser = USER_ERRORS.has(refusal?.error ?? '') && !refusal?.codes.includes(WRONG_AUDIENCE);
  if (isForUser && refusal && isOfUser) {
    if (refusal.codes.includes(NO_CONSENT) || [refusal.error, refusal.suberror].includes('consent_required'))
      return new GraphSignIn('consent');
    return refusal.claims === undefined ? new GraphSignIn('token') : new GraphSignIn('challenge', refusal.claims);
  }
  const { name, message } = error as { name?: unknown; message?: unknown };
  const said = refusal ? (refusal.description ?? `the authority answered ${refusal.status}`) : String(message);
  const code = /AADSTS\d+/.exec(said)?.[0] ?? refusal?.error ?? (refusal ? `status ${refusal.status}` : String(name));
  return new TokenUnavailable(toLine(code, secrets), toLine(said, secrets), refusal);
}

const MOST_CHARACTERS = 300;

/** The ids of the request, which follow the sentence, change each time; what looks like a secret or an address is left out. */
function toLine(text: string, secrets: readonly string[]): string {
  const [line = ''] = text.split(/\r?\n| Trace ID:/, 1);
  return secrets
    .reduce((rest, secret) => rest.replaceAll(secret, '...'), line)
    .replaceAll(/[^\s'"<>]+/g, (word) => (word.includes('@') ? '...' : word))
    .replaceAll(/[\w.~+/=-]{40,}/g, '...')
    .slice(0, MOST_CHARACTERS);
}
