// Takes a delivery of change notifications about users, and the question by which Graph makes sure of its receiver.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { GatewayError } from '../errors.ts';
import { readSubscriptionState } from '../tracking/subscription-state.ts';
import type { SeldomLog } from '../seldom-log.ts';
import type { WebhookOutcome } from '../tracking/webhook-outcomes.ts';
import type { WebhookOptions } from './webhooks.ts';

const MAX_TOKEN_BYTES = 2 * 1024;
/** How long a secret is believed to be the current one; where it does not fit it is read again. */
const SECRET_AGE_MS = 3_000;
/** Far beyond what Graph puts into one delivery; strangers are not to make us work. */
const MOST_ITEMS = 500;
/** How often at the most the secret is read again because it does not fit, and how often it is noted that Graph was heard of. */
const LEAST_GAP_MS = 1_000;
const NOTED_EVERY_MS = 5_000;

/**
 * Answers with the token and nothing else.
 * @throws GatewayError `BAD_REQUEST` for a token that may be script: Graph's never hold markup
 */
export async function shakeHands(token: string | string[], reply: FastifyReply): Promise<void> {
  const isGood = typeof token === 'string' && token !== '' && !/[<>&"'`\p{C}]/u.test(token);
  if (!isGood || Buffer.byteLength(token) > MAX_TOKEN_BYTES)
    throw new GatewayError('BAD_REQUEST', 'This is no validation token of Graph.');
  await reply.code(200).type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(token);
}

export interface ChangeReceiverOptions extends Pick<
  WebhookOptions,
  'store' | 'count' | 'onChange' | 'onLifecycle' | 'tenantId' | 'now'
> {
  refuse: SeldomLog<WebhookOutcome>;
}

type Item = { [member: string]: unknown };

/** @returns what takes the body of a delivery; throws GatewayError `BAD_REQUEST` when it holds no notifications. */
export function createChangeReceiver(options: ChangeReceiverOptions) {
  const { store, count, refuse, onChange, onLifecycle } = options;
  const hasSecret = createSecretCheck(options);
  let notedAtMs = -Infinity;
  /** For all replicas: polling is slow only while notifications are heard of. */
  async function noteHeard(): Promise<void> {
    const at = options.now();
    if (Number(at) - notedAtMs < NOTED_EVERY_MS) return;
    notedAtMs = Number(at);
    await store.noteJob('changeNotifications', JSON.stringify({ at }));
  }
  const isOfTenant = ({ tenantId }: Item) =>
    tenantId === undefined ||
    tenantId === null ||
    (typeof tenantId === 'string' && tenantId.toLowerCase() === options.tenantId.toLowerCase());

  return async (body: unknown): Promise<void> => {
    const value = (body as { value?: unknown } | null | undefined)?.value;
    if (!Array.isArray(value) || value.length > MOST_ITEMS)
      throw new GatewayError('BAD_REQUEST', `\`value\` has to be an array of ${MOST_ITEMS} notifications at the most.`);
    const items = (value as unknown[]).map((item) => (typeof item === 'object' && item !== null ? (item as Item) : {}));
    const ours = (await hasSecret(items)).filter(isOfTenant);
    const dropped = items.length - ours.length;
    if (dropped > 0)
      refuse('foreign', { dropped }, 'change notifications without our secret, or of another tenant, are dropped');
    for (let counted = 1; counted < dropped; counted += 1) count('foreign');
    const events = ours.map(({ lifecycleEvent }) => (typeof lifecycleEvent === 'string' ? lifecycleEvent : null));
    // Delta tells what changed, and also what was missed.
    const changes = events.filter((event) => event === null || event === 'missed');
    const news = events.filter((event) => event !== null && event !== 'missed');
    for (const _ of changes) count('changed');
    for (const _ of news) count('lifecycle');
    if (ours.length > 0) await noteHeard();
    if (changes.length > 0) await store.expediteJob('delta');
    // What is wanted need not be noted: a renewal authorises anew, and finds out whether the subscription is gone.
    if (news.length > 0) await store.expediteJob('subscription');
    if (changes.length > 0) onChange();
    if (news.length > 0) onLifecycle();
  };
}

/** @returns what keeps those items that carry the current subscription's secret. */
function createSecretCheck({ store, now }: Pick<ChangeReceiverOptions, 'store' | 'now'>) {
  let secret: Buffer | undefined;
  let readAtMs = -Infinity;
  let missedAtMs = -Infinity;
  let loading: Promise<void> | undefined;

  async function loadSecret(): Promise<void> {
    const { clientState } = readSubscriptionState((await store.readJob('subscription')).state);
    secret = clientState === null ? undefined : digest(clientState);
    readAtMs = Number(now());
  }
  const load = () => (loading ??= loadSecret().finally(() => (loading = undefined)));
  // Of digests, so that the time it takes tells nothing of the secret, not even its length.
  const isSecret = ({ clientState }: Item) =>
    secret !== undefined && typeof clientState === 'string' && timingSafeEqual(digest(clientState), secret);

  return async (items: readonly Item[]): Promise<Item[]> => {
    if (Number(now()) - readAtMs > SECRET_AGE_MS) await load();
    const selected = items.filter(isSecret);
    const isReadLately = !loading && Number(now()) - missedAtMs < LEAST_GAP_MS;
    if (selected.length === items.length || isReadLately) return selected;
    // Whoever comes meanwhile waits too: what carries a new secret is not to be lost for having come second.
    await load();
    missedAtMs = Number(now());
    return items.filter(isSecret);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
