// Tells whoever runs the gateway that tokens for Graph are not to be had, and when they are again: once for each change.
import type { CredentialKind } from '../config-graph.ts';
import type { Logger } from '../logger.ts';
import type { TokenUnavailable } from './token-failure.ts';

/** For whom tokens are. */
export type TokenUse = 'application' | 'user';

export interface CredentialNews {
  failed(use: TokenUse, failure: TokenUnavailable): void;
  worked(use: TokenUse): void;
}

export interface CredentialNewsOptions {
  kind: CredentialKind;
  logger: Pick<Logger, 'info' | 'error'>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** What comes and goes is told again only so much later. */
const QUIET_MS = 60_000;

const APPLICATION = 'that GRAPH_TENANT_ID and GRAPH_CLIENT_ID name the directory and the application';
const UNREACHABLE =
  'Check that GRAPH_AUTHORITY can be reached from here, and that its certificate is trusted (NODE_EXTRA_CA_CERTS).';
const cures: { [kind in CredentialKind]: string } = {
  secret: `Check ${APPLICATION}, and that GRAPH_CLIENT_SECRET is the value of a secret of it, not its id, and has not expired.`,
  certificate: `Check ${APPLICATION}, and that the certificate in GRAPH_CERTIFICATE_FILE is registered there and has not expired.`,
  'managed-identity':
    'Check that the gateway runs where Azure offers a managed identity; GRAPH_CLIENT_ID only names a user-assigned one.',
  'workload-identity': `Check ${APPLICATION}, that it trusts the issuer and subject of the token in GRAPH_FEDERATED_TOKEN_FILE, and that GRAPH_AUTHORITY can be reached.`,
  cli: 'Install the Azure CLI, and run `az login --tenant <GRAPH_TENANT_ID>` as the user that runs the gateway.',
  token: 'Set GRAPH_TOKEN.',
};

export function createCredentialNews({ kind, logger, now }: CredentialNewsOptions): CredentialNews {
  const failing = new Map<TokenUse, { code: string; isTold: boolean }>();
  const toldAtMs = new Map<string, number>();
  return {
    failed(use, { code, message, isAnswered }) {
      const before = failing.get(use);
      if (before?.isTold && before.code === code) return;
      const change = `${use} ${code}`;
      const isTold = now() - (toldAtMs.get(change) ?? -Infinity) >= QUIET_MS;
      failing.set(use, { code, isTold });
      if (!isTold) return;
      toldAtMs.set(change, now());
      const cure = !isAnswered && (kind === 'secret' || kind === 'certificate') ? UNREACHABLE : cures[kind];
      logger.error({ credential: kind, use, code, said: message }, `there is no token for Graph. ${cure}`);
    },
    worked(use) {
      if (failing.get(use)?.isTold) logger.info({ credential: kind, use }, 'there are tokens for Graph again');
      failing.delete(use);
    },
  };
}
