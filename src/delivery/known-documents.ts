// Keeps documents that were found to be valid, so that no transport parses them again.
import { createHash } from 'node:crypto';
import type { DocumentNode } from 'graphql';

/** Frontends have few documents. The largest that the limits let through take 0.3 MB each. */
const MOST_DOCUMENTS = 100;
const MOST_CHARACTERS = 10_000;

export interface KnownDocuments {
  /** By its very text. */
  get(text: string): DocumentNode | undefined;
  /** By SHA-256 of its text, as Apollo does it. */
  findByHash(hash: string): DocumentNode | undefined;
  /** Keeps it until others have been asked for more lately. */
  add(text: string, document: DocumentNode): void;
  /** Keeps it for good. */
  pin(text: string, document: DocumentNode): void;
}

interface Kept {
  document: DocumentNode;
  hash: string;
}

export function createKnownDocuments(): KnownDocuments {
  const pinned = new Map<string, Kept>();
  const recent = new Map<string, Kept>();
  const byHash = new Map<string, DocumentNode>();

  function keep(documents: Map<string, Kept>, text: string, document: DocumentNode): void {
    const hash = createHash('sha256').update(text).digest('hex');
    documents.set(text, { document, hash });
    byHash.set(hash, document);
  }

  return {
    get(text) {
      const kept = recent.get(text);
      if (!kept) return pinned.get(text)?.document;
      recent.delete(text);
      recent.set(text, kept);
      return kept.document;
    },
    findByHash: (hash) => byHash.get(hash),
    add(text, document) {
      if (text.length > MOST_CHARACTERS || pinned.has(text)) return;
      keep(recent, text, document);
      for (const [oldest, { hash }] of recent) {
        if (recent.size <= MOST_DOCUMENTS) break;
        recent.delete(oldest);
        byHash.delete(hash);
      }
    },
    pin: (text, document) => keep(pinned, text, document),
  };
}
