// Finds the text of the document that a request asks for, where only documents of a manifest run.
import { GatewayError } from '../errors.ts';

/** What a request may hold to ask for a document, on every transport; nothing of it has been checked. */
export interface DocumentRequest {
  query?: unknown;
  documentId?: unknown;
  extensions?: { readonly persistedQuery?: unknown } | null | undefined;
}

/**
 * @param manifest texts by their hashes
 * @returns what finds the manifest's text by `documentId`, by `extensions.persistedQuery.sha256Hash`, or by the text
 * itself; it throws GatewayError `FORBIDDEN` when none of them is of the manifest
 */
export function createTrustedDocuments(manifest: ReadonlyMap<string, string>): (request: DocumentRequest) => string {
  const byHash = new Map([...manifest].map(([hash, text]) => [withoutAlgorithm(hash), text]));
  const byText = new Map([...manifest.values()].map((text) => [normalise(text), text]));

  return ({ query, documentId, extensions }) => {
    const persisted = (extensions?.persistedQuery as { sha256Hash?: unknown } | null | undefined)?.sha256Hash;
    for (const hash of [documentId, persisted]) {
      const text = typeof hash === 'string' ? byHash.get(withoutAlgorithm(hash)) : undefined;
      if (text !== undefined) return text;
    }
    const text = typeof query === 'string' ? byText.get(normalise(query)) : undefined;
    if (text !== undefined) return text;
    throw new GatewayError(
      'FORBIDDEN',
      'Only trusted documents run here, and this is none of them. Send the hash of one as documentId, or add it to the manifest of the gateway.',
    );
  };
}

/** Codegen writes the algorithm before the hash; protocols differ on whether it is sent. */
function withoutAlgorithm(hash: string): string {
  return hash.replace(/^sha256:/, '');
}

/** All white space is one space. The text that runs is the manifest's, so white space inside strings is safe too. */
function normalise(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
