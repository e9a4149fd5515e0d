// Who is calling us. With the developer identity everybody who reaches the gateway is the same caller.
import type { Viewer } from '../tracking/record.ts';

/** Whoever sent a request; owns the records that come of it. */
export interface Caller extends Viewer {
  /** Scopes of a user's token and app roles: what the schema's `@requiresScopes` asks for. */
  permissions: ReadonlySet<string>;
  /** The token of a user, to call Graph on the user's behalf with; null for an application and the developer. A secret. */
  assertion: string | null;
}

/** What the schema asks for somewhere. */
export const PERMISSIONS = [
  'Invitations.Read',
  'Invitations.ReadWrite',
  'CallInvitations.Read',
  'CallInvitations.ReadWrite',
  'Users.Read',
] as const;

/** The fixed identity of `AUTH_MODE=developer`. */
export const developer: Caller = {
  tenantId: 'developer',
  subject: 'developer',
  isAdmin: false,
  permissions: new Set(PERMISSIONS),
  assertion: null,
};
