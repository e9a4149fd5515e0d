// Hears what the authority answers instead of a token: the library that asks for it keeps only part of that.
import type { ClientSecretCredentialOptions } from '@azure/identity';
import { toRetryAfterMs } from '../graph/graph-error.ts';

/** An answer of the authority that is no token; what is not said is undefined. */
export interface AuthorityRefusal {
  status: number;
  /** In the words of OAuth, such as `invalid_grant`. */
  error: string | undefined;
  suberror: string | undefined;
  /** Of Entra's errors, such as 65001. */
  codes: readonly unknown[];
  description: string | undefined;
  /** What a new token of the user must be asked for with, as JSON text. */
  claims: string | undefined;
  retryAfterMs: number | null;
}

type Policies = NonNullable<ClientSecretCredentialOptions['additionalPolicies']>;

const REQUEST_TIMEOUT_MS = 8_000;
const MOST_CLAIMS = 10_000;

export interface AuthorityListener {
  /** For the options of a credential that loads one token. */
  policies: Policies;
  /** The last refusal. */
  heard: AuthorityRefusal | undefined;
}

export function listenToAuthority(): AuthorityListener {
  const listener: AuthorityListener = {
    policies: [
      {
        position: 'perRetry',
        policy: {
          name: 'authorityListener',
          async sendRequest(request, next) {
            const signals = [request.abortSignal as AbortSignal | undefined, AbortSignal.timeout(REQUEST_TIMEOUT_MS)];
            request.abortSignal = AbortSignal.any(signals.filter((signal) => signal !== undefined));
            const response = await next(request);
            if (response.status < 400) return response;
            const retryAfter = response.headers.get('retry-after') ?? null;
            listener.heard = toRefusal(response.status, response.bodyAsText, retryAfter);
            // The library would wait for as long as it is told, and everybody with it.
            if (retryAfter !== null) throw new Error('the authority is throttling');
            return response;
          },
        },
      },
    ],
    heard: undefined,
  };
  return listener;
}

function toRefusal(status: number, body: string | null | undefined, retryAfter: string | null): AuthorityRefusal {
  const answer = toMembers(body);
  const text = (name: string) => (typeof answer[name] === 'string' ? answer[name] : undefined);
  const claims = text('claims');
  return {
    status,
    error: text('error'),
    suberror: text('suberror'),
    codes: Array.isArray(answer['error_codes']) ? (answer['error_codes'] as unknown[]) : [],
    description: text('error_description'),
    claims: claims && claims.length <= MOST_CLAIMS ? claims : undefined,
    retryAfterMs: toRetryAfterMs(retryAfter, Date.now()),
  };
}

function toMembers(body: string | null | undefined): { [member: string]: unknown } {
  try {
    return Object(JSON.parse(body ?? '')) as { [member: string]: unknown };
  } catch {
    return {};
  }
}
