// Which pages of browsers may call us: without a check any page that a user opens could act for that user.
import { isLoopback } from '../environment.ts';

// Apollo Sandbox runs in a frame of the first; the second is its full page.
const SANDBOX_ORIGINS = ['https://sandbox.embed.apollographql.com', 'https://studio.apollographql.com'];

/** @returns whether a page of this origin may call; `host` is what it called us by, undefined when that does not count. */
export type OriginCheck = (origin: string | undefined, host?: string) => boolean;

/** Our own pages and the listed ones always; in development also Apollo Sandbox and pages of this machine. */
export function createOriginCheck(options: { isDevelopment: boolean; allowedOrigins: readonly string[] }): OriginCheck {
  const listed = new Set([...options.allowedOrigins, ...(options.isDevelopment ? SANDBOX_ORIGINS : [])]);
  return (origin, host) => {
    // Only browsers send it, and they always do.
    if (origin === undefined) return true;
    const url = URL.parse(origin);
    if (!url) return false;
    return listed.has(url.origin) || url.host === host || (options.isDevelopment && isLoopback(url.hostname));
  };
}

/** @returns whether a request that calls us by this Host header is meant for us. */
export type HostCheck = (host: string | undefined) => boolean;

/**
 * A page can give its own name our address, and so be of our origin for its browser. On loopback, where whoever
 * reaches us is trusted, only names of this machine and of the listed origins count.
 */
export function createHostCheck(options: { host: string; allowedOrigins: readonly string[] }): HostCheck {
  if (!isLoopback(options.host)) return () => true;
  const listed = new Set(options.allowedOrigins.map((origin) => new URL(origin).host));
  // Nearly all requests come by the same name.
  let last: string | undefined;
  return (host) => {
    if (host !== undefined && host === last) return true;
    const url = URL.parse(`http://${host}`);
    const isAllowed = url !== null && (isLoopback(url.hostname) || listed.has(url.host));
    if (isAllowed) last = host;
    return isAllowed;
  };
}
