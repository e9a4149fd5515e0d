// Certificates made while a test runs: an authority of their own, a server on 127.0.0.1, and an application's pair.
import { generate } from 'selfsigned';

export interface Pair {
  cert: string;
  key: string;
}

const toName = (name: string) => [{ name: 'commonName', value: name }];

export async function createCertificateAuthority(): Promise<Pair> {
  const made = await generate(toName('Test authority'), {
    algorithm: 'sha256',
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

export async function createServerPair(ca: Pair): Promise<Pair> {
  const made = await generate(toName('127.0.0.1'), {
    algorithm: 'sha256',
    keyType: 'ec',
    ca,
    extensions: [
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** As an application registers it: signed by itself, RSA. */
export async function createApplicationPair(): Promise<Pair> {
  const made = await generate(toName('The gateway'), { algorithm: 'sha256', keySize: 2048 });
  return { cert: made.cert, key: made.private };
}
