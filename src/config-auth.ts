// The part of the configuration that says who may call.
import { isLoopback, type EnvironmentReader } from './environment.ts';

export type AuthConfig =
  | { mode: 'developer' }
  | { mode: 'oidc'; issuer: string; audiences: readonly string[]; allowedTenants: readonly string[] };

export function loadAuth(read: EnvironmentReader, { host, isLive }: { host: string; isLive: boolean }): AuthConfig {
  const mode = read.oneOf('AUTH_MODE', ['oidc', 'developer']);
  if (mode === 'oidc') return loadOidc(read);
  if (isLive && read.text('AUTH_MODE') === undefined) {
    read.required(
      'AUTH_MODE',
      'GRAPH_MODE=live needs it (oidc: callers have tokens; developer: everybody on this machine acts as one caller)',
    );
  }
  if (isLive && mode === 'developer' && !isLoopback(host)) {
    read.problems.push(
      'AUTH_MODE=developer with GRAPH_MODE=live needs a HOST on loopback: anybody who reaches the gateway could invite',
    );
  }
  return { mode: 'developer' };
}

function loadOidc(read: EnvironmentReader): AuthConfig {
  read.required('AUTH_ISSUER', 'AUTH_MODE=oidc needs it to know whose tokens to take');
  read.required('AUTH_AUDIENCE', 'AUTH_MODE=oidc needs it to know whom tokens must be for');
  // As it is written: tokens must name the issuer by exactly these characters.
  const issuer = read.address('AUTH_ISSUER') ? (read.text('AUTH_ISSUER') ?? '') : '';
  const allowedTenants = read.list('AUTH_ALLOWED_TENANTS');
  if (/[?#]/.test(issuer)) read.problems.push('AUTH_ISSUER has a query or a fragment, which no issuer has');
  if (issuer.includes('{tenantid}') && allowedTenants.length === 0)
    read.problems.push('AUTH_ISSUER is that of every tenant: AUTH_ALLOWED_TENANTS must say which ones may call');
  return { mode: 'oidc', issuer, audiences: read.list('AUTH_AUDIENCE'), allowedTenants };
}
