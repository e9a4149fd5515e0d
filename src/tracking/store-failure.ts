// What callers are told when the store is out of reach.
import { GatewayError } from '../errors.ts';

/**
 * Whose statement was tried in vain, and surely changed nothing.
 * @param cause for the log: callers get the message alone
 */
export class StoreUnavailable extends GatewayError {
  constructor(cause: unknown, isReadOnly = false) {
    super(
      'UPSTREAM_UNAVAILABLE',
      `The store ${isReadOnly ? 'takes no writes' : 'does not answer'} at present. Try again later.`,
    );
    this.name = 'StoreUnavailable';
    this.cause = cause;
  }
}

/**
 * Whose statement may have been carried out.
 * @param cause for the log: callers get the message alone
 */
export class StoreUncertain extends GatewayError {
  constructor(cause: unknown) {
    super(
      'OUTCOME_UNKNOWN',
      'The store broke off and did not tell whether it has recorded this. Repeat it only with the same idempotencyKey.',
    );
    this.name = 'StoreUncertain';
    this.cause = cause;
  }
}

export function isStoreFailure(error: unknown): error is StoreUnavailable | StoreUncertain {
  return error instanceof StoreUnavailable || error instanceof StoreUncertain;
}
