// Graph's subscriptions to change notifications: made, renewed, listed and deleted.
import { toSegment, type GraphClient, type ReadLimits } from './client.ts';
import { GraphUnreachable, isMissing } from './graph-error.ts';

/** What a subscription is asked for with. */
export interface SubscriptionRequest {
  changeType: string;
  resource: string;
  notificationUrl: string;
  lifecycleNotificationUrl: string;
  /** At most 128 characters; comes back with each notification, and is told by nothing else. */
  clientState: string;
  expiresAt: Date;
}

/** A subscription as Graph shows it. */
export interface GraphSubscription {
  id: string;
  resource: string | null;
  notificationUrl: string | null;
  /** Null when Graph did not say. */
  expiresAt: Date | null;
}

type Client = Pick<GraphClient, 'get' | 'post' | 'patch' | 'delete' | 'toOwnPath'>;

const PATH = '/subscriptions';
/** An app has at most 100 of them in a tenant. */
const MOST_PAGES = 3;

/** Graph asks the notification address to confirm before it answers. All here throw a `GraphFailure`. */
export async function createSubscription(
  client: Client,
  { expiresAt, ...request }: SubscriptionRequest,
  limits: ReadLimits,
): Promise<GraphSubscription> {
  const { timeoutMs, signal } = limits;
  const body = { ...request, expirationDateTime: expiresAt.toISOString() };
  const answer = toSubscription((await client.post(PATH, body, { timeoutMs, signal })).body);
  if (!answer) throw new GraphUnreachable('the answer names no subscription', true);
  return answer;
}

/** @returns until when it lives, null when Graph did not say. */
export async function renewSubscription(
  client: Client,
  id: string,
  expiresAt: Date,
  limits: ReadLimits,
): Promise<Date | null> {
  const body = { expirationDateTime: expiresAt.toISOString() };
  return toSubscription(await client.patch(`${PATH}/${toSegment(id)}`, body, limits))?.expiresAt ?? null;
}

/** Resolves also when there is none. */
export async function deleteSubscription(client: Client, id: string, limits: ReadLimits): Promise<void> {
  try {
    await client.delete(`${PATH}/${toSegment(id)}`, limits);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** @returns all that the application has in the tenant. */
export async function listSubscriptions(client: Client, limits: ReadLimits): Promise<GraphSubscription[]> {
  const subscriptions: GraphSubscription[] = [];
  let next: string | undefined = PATH;
  for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
    const body = (await client.get(next, limits)) as
      { value?: unknown; '@odata.nextLink'?: unknown } | null | undefined;
    const items: unknown[] = Array.isArray(body?.value) ? body.value : [];
    subscriptions.push(...items.flatMap((item) => toSubscription(item) ?? []));
    const link = body?.['@odata.nextLink'];
    next = typeof link === 'string' ? client.toOwnPath(link) : undefined;
  }
  return subscriptions;
}

function toSubscription(json: unknown): GraphSubscription | undefined {
  const { id, resource, notificationUrl, expirationDateTime } = (json ?? {}) as { [member: string]: unknown };
  if (typeof id !== 'string' || id === '') return undefined;
  const expiresAt = new Date(typeof expirationDateTime === 'string' ? expirationDateTime : NaN);
  return {
    id,
    resource: typeof resource === 'string' ? resource : null,
    notificationUrl: typeof notificationUrl === 'string' ? notificationUrl : null,
    expiresAt: Number.isNaN(Number(expiresAt)) ? null : expiresAt,
  };
}
