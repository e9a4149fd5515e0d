// The ids of new records.
import { randomUUID } from 'node:crypto';

/**
 * @returns a UUID of version 7 (RFC 9562): ids that are made one after the other stand beside each other in the stores' indexes, so
 *   that a commit writes few of their pages
 */
export function createRecordId(at: Date): string {
  const time = Number(at).toString(16).padStart(12, '0');
  // What comes after the version is chance, the variant aside.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
