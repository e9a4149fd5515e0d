// What a client is told about a call to Graph that failed: the one place that decides it.
import { GatewayError, type ErrorCode } from '../errors.ts';
import {
  GraphHeldBack,
  GraphRefusal,
  GraphSignIn,
  GraphUnreachable,
  toGraphAnswer,
  type SignInReason,
} from './graph-error.ts';

const codesByStatus: { [status: number]: ErrorCode } = {
  // Our own token was refused: nothing that the caller can mend.
  401: 'INTERNAL_SERVER_ERROR',
  402: 'FORBIDDEN',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'INTERNAL_SERVER_ERROR',
  409: 'CONFLICT',
  410: 'NOT_FOUND',
  // A matching guest exists and is blocked from signing in.
  412: 'CONFLICT',
  415: 'INTERNAL_SERVER_ERROR',
  423: 'CONFLICT',
  429: 'THROTTLED',
};

const messages: { [code in ErrorCode]?: string } = {
  BAD_USER_INPUT:
    'Graph refused the request as invalid. Correct the input; `extensions.graph.code` says what Graph found.',
  FORBIDDEN: 'Graph does not allow this. The application or the caller lacks a permission that the request needs.',
  NOT_FOUND: 'Graph knows no such resource. Check the ids that you gave.',
  CONFLICT: 'The request conflicts with what is in the directory. Look at the existing resource before you try again.',
  THROTTLED: 'Graph is throttling. Nothing was done; repeat the request after `extensions.retryAfterSeconds`.',
  UPSTREAM_UNAVAILABLE: 'Graph could not be reached and did nothing. Repeat the request later.',
};

function toCode(statusCode: number): ErrorCode {
  const known = codesByStatus[statusCode];
  if (known) return known;
  if (statusCode >= 500) return 'UPSTREAM_UNAVAILABLE';
  // A redirect is nothing that the caller can mend.
  return statusCode >= 400 ? 'BAD_USER_INPUT' : 'INTERNAL_SERVER_ERROR';
}

function toMessage(code: ErrorCode, { statusCode, needs }: GraphRefusal): string {
  const { permission, isForUser } = needs;
  if (statusCode !== 403 || permission === undefined) return messages[code] ?? 'Internal server error';
  const condition = isForUser ? ', and you must be allowed to invite guests yourself' : '';
  return `Graph does not allow this. The request needs the ${isForUser ? 'delegated' : 'application'} permission ${permission}, granted by an administrator${condition}; if that is so, a policy of the directory forbids it.`;
}

const signIns: { [reason in SignInReason]: { code: ErrorCode; message: string } } = {
  challenge: {
    code: 'UNAUTHENTICATED',
    message:
      'The directory asks more of you before the gateway may act for you. Get a new token with the claims in `extensions.claims`, and repeat the request with it.',
  },
  token: {
    code: 'UNAUTHENTICATED',
    message:
      'Your token is not accepted any more for acting on your behalf. Sign in again, and repeat the request with the new token.',
  },
  consent: {
    code: 'FORBIDDEN',
    message:
      'Nobody has allowed the gateway to invite guests on your behalf. Ask an administrator to grant its application the delegated permission `User.Invite.All`.',
  },
};

/** What a client is told to wait when Graph did not say. */
const USUAL_WAIT_MS = 10_000;

function toWait(retryAfterMs: number): { retryAfterSeconds: number } {
  return { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) };
}

/** @returns what a client is told about a failed call to Graph that surely had no effect (a read, a refusal). */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof GraphHeldBack) {
    return new GatewayError('THROTTLED', messages.THROTTLED ?? '', toWait(error.retryAfterMs), error);
  }
  if (error instanceof GraphRefusal) {
    const code = toCode(error.statusCode);
    const wait = code === 'THROTTLED' ? toWait(error.retryAfterMs ?? USUAL_WAIT_MS) : {};
    const graph = toGraphAnswer(error);
    return new GatewayError(code, toMessage(code, error), { graph, ...wait }, error);
  }
  if (error instanceof GraphSignIn) {
    const { code, message } = signIns[error.reason];
    return new GatewayError(code, message, error.claims === undefined ? {} : { claims: error.claims }, error);
  }
  if (error instanceof GraphUnreachable) {
    return new GatewayError('UPSTREAM_UNAVAILABLE', messages.UPSTREAM_UNAVAILABLE ?? '', {}, error);
  }
  return new GatewayError('INTERNAL_SERVER_ERROR', 'Internal server error', {}, error);
}
