/** What can be set about the emulator, at its start and later by `PUT /admin/settings`. */
import { AdminRefusal, optionalCount, optionalText, optionalTextOrNull, requireMembers } from './admin-input.ts';

export interface Settings {
  /** How long an invite operation runs before it ends. Default 5000. */
  operationMs: number;
  /** How long a finished operation stays readable. Default 60000. */
  finishedMs: number;
  /** How long a new guest is not readable, and how long delta is silent about any change. Default 0. */
  replicationMs: number;
  /** How many users a page of delta holds. Default 100. */
  deltaPageSize: number;
  /** How long a link of delta is valid. Default seven days. */
  deltaTokenMs: number;
  /** With how many users of the page before a next page of delta begins. Default 0. */
  deltaRepeats: number;
  /** How many empty pages come first in a round of delta. Default 0. */
  deltaEmptyPages: number;
  /** How long a receiver may take to answer the handshake of a new subscription. Default 10000. */
  handshakeMs: number;
  /** How long it takes until a notification that was not taken is sent again; doubles each time. Default 200. */
  retryMs: number;
  /** Where notifications of calls go; null: nowhere. Default null. */
  callbackUrl: string | null;
  /** The app that asks us: `aud` of the tokens on notifications of calls. Default `DEFAULT_APP_ID`. */
  appId: string;
  /** Default `DEFAULT_TENANT_ID`. */
  tenantId: string;
}

export const DEFAULT_APP_ID = '6f1d7f0a-52c4-4d0e-9b54-0c8f2f7b3a11';
export const DEFAULT_TENANT_ID = '2c5a9f3e-8b41-4c7d-a0d6-5e1f7b9c4d22';

const COUNTS = [
  'operationMs',
  'finishedMs',
  'replicationMs',
  'deltaPageSize',
  'deltaTokenMs',
  'deltaRepeats',
  'deltaEmptyPages',
  'handshakeMs',
  'retryMs',
] as const;
const TEXTS = ['appId', 'tenantId'] as const;

export function createSettings(given: Partial<Settings>): Settings {
  return {
    operationMs: given.operationMs ?? 5000,
    finishedMs: given.finishedMs ?? 60_000,
    replicationMs: given.replicationMs ?? 0,
    deltaPageSize: given.deltaPageSize ?? 100,
    deltaTokenMs: given.deltaTokenMs ?? 7 * 24 * 3_600_000,
    deltaRepeats: given.deltaRepeats ?? 0,
    deltaEmptyPages: given.deltaEmptyPages ?? 0,
    handshakeMs: given.handshakeMs ?? 10_000,
    retryMs: given.retryMs ?? 200,
    callbackUrl: given.callbackUrl ?? null,
    appId: given.appId ?? DEFAULT_APP_ID,
    tenantId: given.tenantId ?? DEFAULT_TENANT_ID,
  };
}

/** The settings to change. @throws AdminRefusal that says what is wrong. */
export function readSettings(body: unknown): Partial<Settings> {
  const members = requireMembers(body, 'settings', [...COUNTS, ...TEXTS, 'callbackUrl']);
  const changes: Partial<Settings> = {};
  for (const name of COUNTS) {
    const count = optionalCount(members, name);
    if (count !== undefined) changes[name] = count;
  }
  for (const name of TEXTS) {
    const value = optionalText(members, name);
    if (value !== undefined) changes[name] = value;
  }
  const callbackUrl = optionalTextOrNull(members, 'callbackUrl');
  if (callbackUrl !== undefined) changes.callbackUrl = callbackUrl;
  if (changes.deltaPageSize === 0) throw new AdminRefusal('deltaPageSize must be at least 1');
  if (callbackUrl && !/^https?:$/.test(URL.parse(callbackUrl)?.protocol ?? '')) {
    throw new AdminRefusal('callbackUrl must be an http or https URL, or null');
  }
  return changes;
}
