// What a mutation is answered with whose idempotency key was used before.
import { GatewayError } from '../errors.ts';
import type { TrackingRecord } from './record.ts';
import { toRefusalError } from './unanswered.ts';

/**
 * @param position of the input that was asked, such as `input`
 * @returns the record that has its key already
 * @throws GatewayError `IDEMPOTENCY_CONFLICT` when it was asked something else; the refusal that it had
 */
export function repeat<Record extends TrackingRecord>(stored: Record, asked: Record, position: string): Record {
  if (stored.requestHash !== asked.requestHash) {
    const field = `${position}.idempotencyKey`;
    throw new GatewayError(
      'IDEMPOTENCY_CONFLICT',
      `${field}: This key was used with another input. Take a new key for a new request.`,
      { field },
    );
  }
  if (stored.refusal) throw toRefusalError(stored.refusal);
  return stored;
}
