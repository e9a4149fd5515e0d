/** Remembers the latest requests, and counts all of them by route. */

export interface LoggedRequest {
  /** Milliseconds since 1970. */
  at: number;
  method: string;
  /** As sent, version included, query excluded. */
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
  /** Null while unanswered, and for ever when the line was cut. */
  status: number | null;
  batch?: boolean;
  parts?: LoggedPart[];
}

export interface LoggedPart {
  id: string;
  method: string;
  url: string;
  /** Of the part itself, names in lower case. */
  headers: Record<string, string>;
  /** Of a POST. */
  body?: unknown;
  /** Null when the part was left out or the line was cut. */
  status: number | null;
}

export interface RequestLog {
  add(request: LoggedRequest): void;
  /** `route` reads `GET /users/{}`. */
  count(route: string): void;
  requests(): LoggedRequest[];
  counts(): { http: number; byRoute: Record<string, number> };
  clear(): void;
}

/** Headers as the log shows them: that there was a token, but not which. */
export function hideToken({ authorization, ...headers }: Record<string, string>): Record<string, string> {
  return authorization === undefined ? headers : { ...headers, authorization: 'present' };
}

const KEPT = 10_000;

export function createRequestLog(): RequestLog {
  let kept: LoggedRequest[] = [];
  let http = 0;
  const byRoute = new Map<string, number>();

  return {
    add(request) {
      http++;
      kept.push(request);
      if (kept.length >= 2 * KEPT) kept = kept.slice(-KEPT);
    },
    count: (route) => void byRoute.set(route, (byRoute.get(route) ?? 0) + 1),
    requests: () => kept.slice(-KEPT),
    counts: () => ({ http, byRoute: Object.fromEntries(byRoute) }),
    clear() {
      kept = [];
      http = 0;
      byRoute.clear();
    },
  };
}
