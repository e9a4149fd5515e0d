/** What `POST /subscriptions` accepts, and in which words it refuses the rest. */
import { GraphRefusal } from './graph-answer.ts';
import { flag, isMembers, objectOf, readOnly, text, textOf } from './member-check.ts';

export interface SubscriptionInput {
  /** As sent. */
  changeType: string;
  /** As sent. */
  resource: string;
  notificationUrl: string;
  lifecycleNotificationUrl: string | null;
  clientState: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

const MINUTE = 60_000;
const SHORTEST = 45 * MINUTE;
const LONGEST_MINUTES = 41_760;
const LONGEST_STATE = 128;
const RESOURCE = /^\/?users(?:\/([^/?#]+))?$/i;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const CHANGES = ['created', 'updated', 'deleted'];

const checkSubscription = objectOf('subscription', {
  id: readOnly,
  applicationId: readOnly,
  creatorId: readOnly,
  changeType: text,
  resource: text,
  notificationUrl: text,
  lifecycleNotificationUrl: text,
  clientState: text,
  expirationDateTime: text,
  includeResourceData: flag,
  encryptionCertificate: text,
  encryptionCertificateId: text,
  latestSupportedTlsVersion: text,
  notificationQueryOptions: text,
  notificationUrlAppId: text,
});
const checkRenewal = objectOf('subscription', { expirationDateTime: text });

/** The refusal of a subscription that does not fit. */
export function invalidSubscription(message: string): GraphRefusal {
  return new GraphRefusal(400, 'InvalidRequest', message);
}

/** @throws GraphRefusal 400 that says what is wrong. */
export function readSubscriptionInput(body: unknown, now: number): SubscriptionInput {
  checkSubscription(body, '');
  const changeType = required(body, 'changeType');
  const resource = required(body, 'resource');
  const notificationUrl = required(body, 'notificationUrl');
  const expiresAt = readExpiration(required(body, 'expirationDateTime'), now);
  const members = isMembers(body) ? body : {};
  const lifecycleNotificationUrl = textOf(members, 'lifecycleNotificationUrl');
  const clientState = textOf(members, 'clientState');
  if (changesOf(changeType).some((word) => !CHANGES.includes(word))) {
    throw invalidSubscription(`changeType '${changeType}' is not a list of ${CHANGES.join(', ')}.`);
  }
  if (!RESOURCE.test(resource)) throw invalidSubscription(`Resource '${resource}' cannot be subscribed to here.`);
  requireReceiver(notificationUrl, 'notificationUrl');
  if (lifecycleNotificationUrl !== null) requireReceiver(lifecycleNotificationUrl, 'lifecycleNotificationUrl');
  if (clientState !== null && clientState.length > LONGEST_STATE) {
    throw invalidSubscription(`clientState must not be longer than ${LONGEST_STATE} characters.`);
  }
  if (members['includeResourceData'] === true) {
    throw invalidSubscription('Notifications about users cannot include resource data.');
  }
  return { changeType, resource, notificationUrl, lifecycleNotificationUrl, clientState, expiresAt };
}

/** When a renewed subscription expires. @throws GraphRefusal 400 that says what is wrong. */
export function readRenewal(body: unknown, now: number): number {
  checkRenewal(body, '');
  return readExpiration(required(body, 'expirationDateTime'), now);
}

/** The words of `changeType`, in an order that makes two of the same kind equal. */
export function changesOf(changeType: string): string[] {
  const words = changeType.split(',').map((word) => word.trim().toLowerCase());
  return [...new Set(words)].toSorted((a, b) => a.localeCompare(b));
}

/** The one user a resource is about; undefined: all. */
export function userIdOf(resource: string): string | undefined {
  return RESOURCE.exec(resource)?.[1]?.toLowerCase();
}

function required(body: unknown, name: string): string {
  const value = isMembers(body) ? textOf(body, name) : null;
  if (!value) throw invalidSubscription(`Required property missing in payload: '${name}'.`);
  return value;
}

function readExpiration(given: string, now: number): number {
  const expiresAt = Date.parse(given);
  if (Number.isNaN(expiresAt)) throw invalidSubscription(`expirationDateTime '${given}' is not a date.`);
  if (expiresAt > now + LONGEST_MINUTES * MINUTE) {
    throw invalidSubscription(`Subscription expiration can only be ${LONGEST_MINUTES} minutes in the future.`);
  }
  return Math.max(expiresAt, now + SHORTEST);
}

/** Graph wants https; the emulator also takes http to this machine, where tests and demos listen. */
function requireReceiver(given: string, name: string): void {
  const url = URL.parse(given);
  const reachable = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!reachable) throw invalidSubscription(`${name} must be an absolute https URL.`);
}
