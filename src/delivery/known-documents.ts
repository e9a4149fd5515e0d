// Keeps documents that were found to be valid, so that no transport parses them again.
import { createHash } from 'node:crypto';
import type { DocumentNode } from 'graphql';

/** Frontends have few documents. The largest that the limits let through take 0.3 MB each. */
const MOST_DOCUMENTS = 100;
const MOST_CHARACTERS = 10_000;

export interface KnownDocuments {
  get(hash: string): DocumentNode | undefined;
  /** Keeps it until others have been asked for more lately. */
  add(hash: string, document: DocumentNode): void;
  /** Keeps it for good. */
  pin(hash: string, document: DocumentNode): void;
}

/** @returns what a document is kept by: SHA-256 of its text, as Apollo does it. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function createKnownDocuments(): KnownDocuments {
  const pinned = new Map<string, DocumentNode>();
  const recent = new Map<string, DocumentNode>();
  return {
    get(hash) {
      const document = recent.get(hash);
      if (!document) return pinned.get(hash);
      recent.delete(hash);
      recent.set(hash, document);
      return document;
    },
    add(hash, document) {
      if ((document.loc?.source.body.length ?? 0) > MOST_CHARACTERS || pinned.has(hash)) return;
      recent.set(hash, document);
      for (const oldest of recent.keys()) {
        if (recent.size <= MOST_DOCUMENTS) break;
        recent.delete(oldest);
      }
    },
    pin: (hash, document) => void pinned.set(hash, document),
  };
}
