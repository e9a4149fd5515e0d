// As whom Graph is asked: as the application, or on behalf of a user.

/** A user who asked the gateway for something, and the proof of it. */
export interface UserAssertion {
  tenantId: string;
  subject: string;
  /** The user's token for the gateway. A secret. */
  token: string;
}

/**
 * @param onBehalfOf the user; without one it is the application that asks
 * @returns a bearer token for Graph, good for a minute at least
 * @throws GraphSignIn when it is up to the user; anything else when no token can be had now
 */
export type LoadToken = (onBehalfOf?: UserAssertion) => Promise<string>;
