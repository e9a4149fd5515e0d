// Who is calling us. With the developer identity everybody who reaches the gateway is the same caller.
import type { Owner } from '../tracking/record.ts';

/** Whoever sent a request; owns the records that come of it. */
export type Caller = Owner;

/** The fixed identity of `AUTH_MODE=developer`. */
export const developer: Caller = { tenantId: 'developer', subject: 'developer' };
