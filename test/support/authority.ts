// An Entra authority on 127.0.0.1 over HTTPS: it checks who asks for a token as Entra does, and answers as it is told.
import { createHash, generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { createApplicationPair, createCertificateAuthority, createServerPair } from './certificates.ts';
import type { Json } from './gateway.ts';

export const TENANT = '5f1f2c3d-0a1b-4c2d-8e3f-112233445566';
export const CLIENT = '9a8b7c6d-1111-4222-8333-444455556666';
export const SECRET = 'planted~client.secret-Qx8Z7q1w2e3r4t5y';
const CLUSTER = 'https://cluster.example.com';
const WORKLOAD = 'system:serviceaccount:gateway:gateway';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What the authority says instead of checking anything; null: nothing, ever. */
export type Scripted = { status: number; headers?: { [name: string]: string }; body: unknown } | null;

export interface Authority {
  url: string;
  /** Whom to trust, as text and as a file. */
  ca: string;
  caFile: string;
  /** The application's certificate and key. */
  certificateFile: string;
  /** What a cluster gives to the workload. */
  tokenFile: string;
  /** Every path that was asked for. */
  paths: string[];
  /** The forms of all requests for tokens. */
  requests: Json[];
  /** The tokens that were given, the newest last. */
  issued: string[];
  /** Tokens of users that it takes, and whose they are. */
  users: Map<string, string>;
  /** What the next requests for tokens are answered. */
  answers: Scripted[];
  /** What any other is answered; undefined: as its form deserves. */
  usual: Scripted | undefined;
  lifetimeS: number;
  /** Forgets what was asked and told. */
  reset(): void;
  stop(): Promise<void>;
}

/** @returns an error as Entra words it. */
export function entraError(error: string, code: number, sentence: string, more: Json = {}): Exclude<Scripted, null> {
  const [trace_id, correlation_id, timestamp] = [randomUUID(), randomUUID(), new Date().toISOString()];
  const error_description = `AADSTS${code}: ${sentence} Trace ID: ${trace_id} Correlation ID: ${correlation_id} Timestamp: ${timestamp}`;
  const body = { error, error_description, error_codes: [code], timestamp, trace_id, correlation_id, ...more };
  return { status: 400, body };
}

export async function startAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'authority-'));
  const ca = await createCertificateAuthority();
  const application = await createApplicationPair();
  const certificate = new X509Certificate(application.cert);
  const cluster = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const workloadToken = await new SignJWT({ sub: WORKLOAD, iss: CLUSTER, aud: 'api://AzureADTokenExchange' })
    .setProtectedHeader({ alg: 'RS256' })
    .setExpirationTime('1h')
    .sign(cluster.privateKey);
  const files = { ca: join(folder, 'ca.pem'), app: join(folder, 'app.pem'), token: join(folder, 'token') };
  await writeFile(files.ca, ca.cert);
  await writeFile(files.app, `${application.cert}\n${application.key}`);
  await writeFile(files.token, workloadToken);

  const thumbprint = (hash: string) => createHash(hash).update(certificate.raw).digest('base64url');

  /** @throws when it is signed by nobody that the application is known by */
  async function checkAssertion(assertion: string): Promise<void> {
    const { x5t, ...header } = decodeProtectedHeader(assertion);
    if (assertion === workloadToken) {
      await jwtVerify(assertion, cluster.publicKey, { issuer: CLUSTER, subject: WORKLOAD });
      return;
    }
    if (x5t !== thumbprint('sha1') && header['x5t#S256'] !== thumbprint('sha256')) throw new Error('a foreign key');
    await jwtVerify(assertion, certificate.publicKey, {
      audience: `${authority.url}/${TENANT}/oauth2/v2.0/token`,
      issuer: CLIENT,
      subject: CLIENT,
      algorithms: ['RS256', 'PS256'],
      requiredClaims: ['exp', 'jti'],
      // The library rounds the time, so that its assertion may begin in half a second.
      clockTolerance: 1,
    });
  }

  async function judge(form: Json): Promise<Scripted> {
    if (form['client_id'] !== CLIENT) return entraError('unauthorized_client', 700016, 'Application was not found.');
    if (form['client_assertion'] !== undefined) {
      const isKnown = await checkAssertion(form['client_assertion']).then(
        () => form['client_assertion_type'] === ASSERTION_TYPE,
        () => false,
      );
      if (!isKnown) return entraError('invalid_client', 700027, 'The assertion failed signature validation.');
    } else if (form['client_secret'] !== SECRET) {
      return { ...entraError('invalid_client', 7000215, 'Invalid client secret provided.'), status: 401 };
    }
    if (!String(form['scope']).split(' ').includes('https://graph.microsoft.com/.default'))
      return entraError('invalid_scope', 70011, 'The provided value for the scope is not valid.');
    if (form['grant_type'] === 'client_credentials') return give('app');
    const isOnBehalfOf =
      form['grant_type'] === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      form['requested_token_use'] === 'on_behalf_of';
    if (!isOnBehalfOf) return entraError('unsupported_grant_type', 70003, 'The grant type is not supported.');
    const user = authority.users.get(form['assertion']);
    return user === undefined
      ? entraError('invalid_grant', 50013, 'Assertion failed signature validation.')
      : give(user);
  }

  function give(whom: string): Scripted {
    const access_token = `planted-graph-token.${whom}.${authority.issued.length + 1}.${randomUUID()}`;
    authority.issued.push(access_token);
    return { status: 200, body: { token_type: 'Bearer', expires_in: authority.lifetimeS, access_token } };
  }

  async function answer(path: string, body: string): Promise<Scripted> {
    const root = `${authority.url}/${TENANT}`;
    if (path === `/${TENANT}/v2.0/.well-known/openid-configuration`) {
      return {
        status: 200,
        body: {
          issuer: `${root}/v2.0`,
          token_endpoint: `${root}/oauth2/v2.0/token`,
          authorization_endpoint: `${root}/oauth2/v2.0/authorize`,
          jwks_uri: `${root}/discovery/v2.0/keys`,
        },
      };
    }
    if (path !== `/${TENANT}/oauth2/v2.0/token`) return entraError('invalid_tenant', 90002, 'Tenant not found.');
    const form = Object.fromEntries(new URLSearchParams(body)) as Json;
    authority.requests.push(form);
    const scripted = authority.answers.length > 0 ? authority.answers.shift() : authority.usual;
    return scripted === undefined ? judge(form) : scripted;
  }

  const pair = await createServerPair(ca);
  const server = createServer({ key: pair.key, cert: pair.cert }, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const [path = ''] = (request.url ?? '').split('?');
      authority.paths.push(path);
      void answer(path, body).then((said) => {
        if (said === null) return;
        response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers });
        response.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fresh = () => ({
    paths: [],
    requests: [],
    issued: [],
    users: new Map<string, string>(),
    answers: [],
    usual: undefined,
    lifetimeS: 3_599,
  });
  const authority: Authority = {
    ...fresh(),
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: ca.cert,
    caFile: files.ca,
    certificateFile: files.app,
    tokenFile: files.token,
    reset: () => void Object.assign(authority, fresh()),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
  return authority;
}
