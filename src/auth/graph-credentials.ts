// As whom we ask Graph: the tokens of the application, and those on behalf of users, fetched by Microsoft's library.
import type { TokenCredential } from '@azure/identity';
import type { GraphCredential, LiveGraph } from '../config-graph.ts';
import type { LoadToken, UserAssertion } from '../graph/token.ts';
import type { Logger } from '../logger.ts';
import { listenToAuthority, type AuthorityListener } from './authority-answer.ts';
import { createCredentialNews } from './credential-news.ts';
import { createTokenCache, type AccessToken } from './token-cache.ts';
import { toTokenFailure, TokenUnavailable } from './token-failure.ts';

export interface GraphCredentialsOptions extends Pick<LiveGraph, 'authority' | 'tokenScope' | 'credential'> {
  logger: Pick<Logger, 'info' | 'error'>;
  /** Milliseconds since the epoch. */
  now?: () => number;
}

type Library = typeof import('@azure/identity');

const CLI_TIMEOUT_MS = 8_000;

/** @returns what loads tokens, those that are kept first; what fails and no caller can mend is logged. */
export function createGraphCredentials(options: GraphCredentialsOptions): LoadToken {
  const { credential, tokenScope, logger, now = Date.now } = options;
  if (credential.kind === 'token') return () => Promise.resolve(credential.token);
  const news = createCredentialNews({ kind: credential.kind, logger, now });

  async function load(user: UserAssertion | undefined): Promise<AccessToken> {
    const use = user ? 'user' : 'application';
    const listener = listenToAuthority();
    try {
      // Only a gateway that goes live needs it.
      const library = await import('@azure/identity');
      // A new one each time: one that is kept would give its old token again.
      const answer = await createCredential(library, { ...options, user, listener }).getToken(tokenScope);
      if (!answer) throw new Error('the answer has no token');
      news.worked(use);
      return { token: answer.token, expiresAtMs: answer.expiresOnTimestamp };
    } catch (error) {
      const failure = toTokenFailure(error, listener.heard, {
        isForUser: user !== undefined,
        secrets: [...secretsOf(credential), ...(user ? [user.token] : [])],
      });
      if (failure instanceof TokenUnavailable) news.failed(use, failure);
      throw failure;
    }
  }
  return createTokenCache({ load, now }).loadToken;
}

interface Source extends Pick<LiveGraph, 'authority' | 'credential'> {
  user: UserAssertion | undefined;
  listener: AuthorityListener;
}

function createCredential(library: Library, { authority, credential, user, listener }: Source): TokenCredential {
  const options = {
    authorityHost: authority,
    // The authority is configured, not learned from anybody: nobody else has to vouch for it.
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 1, retryDelayInMs: 200 },
    additionalPolicies: listener.policies,
  };
  const onBehalfOf = user && { userAssertionToken: user.token, ...options };
  switch (credential.kind) {
    case 'secret': {
      const { tenantId, clientId, clientSecret } = credential;
      if (onBehalfOf) return new library.OnBehalfOfCredential({ tenantId, clientId, clientSecret, ...onBehalfOf });
      return new library.ClientSecretCredential(tenantId, clientId, clientSecret, options);
    }
    case 'certificate': {
      const { tenantId, clientId, certificateFile: certificatePath } = credential;
      if (onBehalfOf) return new library.OnBehalfOfCredential({ tenantId, clientId, certificatePath, ...onBehalfOf });
      return new library.ClientCertificateCredential(tenantId, clientId, { certificatePath }, options);
    }
    case 'managed-identity':
      return new library.ManagedIdentityCredential({
        ...options,
        ...(credential.clientId === undefined ? {} : { clientId: credential.clientId }),
      });
    case 'workload-identity': {
      const { tenantId, clientId, tokenFile: tokenFilePath } = credential;
      return new library.WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...options });
    }
    case 'cli':
      return new library.AzureCliCredential({ tenantId: credential.tenantId, processTimeoutInMs: CLI_TIMEOUT_MS });
    case 'token':
      throw new TypeError('a token is not fetched');
    default:
      return credential satisfies never;
  }
}

function secretsOf(credential: GraphCredential): string[] {
  return 'clientSecret' in credential ? [credential.clientSecret] : [];
}
