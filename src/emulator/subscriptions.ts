/** The routes of `/subscriptions`, and who is told about a change of a user. */
import type { ChangeNotifier } from './change-notifier.ts';
import { GraphRefusal, json, type GraphRequest } from './graph-answer.ts';
import type { GraphHandler } from './graph-routes.ts';
import { shakeHands } from './handshake.ts';
import type { RandomIds } from './random-ids.ts';
import type { Settings } from './settings.ts';
import {
  changesOf,
  readRenewal,
  readSubscriptionInput,
  userIdOf,
  type SubscriptionInput,
} from './subscription-input.ts';
import type { Subscription, SubscriptionRows } from './subscription-rows.ts';
import { toMessage, type WebhookSender } from './webhook-sender.ts';

export interface Subscriptions {
  create: GraphHandler;
  list: GraphHandler;
  get: GraphHandler;
  renew: GraphHandler;
  reauthorize: GraphHandler;
  remove: GraphHandler;
  /** Tells the subscribers, later. */
  notify: (userId: string, changeType: 'updated' | 'deleted') => void;
  /** Sends a lifecycle event now. The receiver's status, or null when no answer came. */
  sendLifecycle(subscription: Subscription, url: string, lifecycleEvent: string): Promise<number | null>;
}

export interface SubscriptionsOptions {
  rows: SubscriptionRows;
  sender: WebhookSender;
  notifier: ChangeNotifier;
  ids: RandomIds;
  settings: Settings;
  now: () => number;
  stopping: AbortSignal;
}

/** Documented for one app in one tenant. */
const MOST_SUBSCRIPTIONS = 100;

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { rows, sender, notifier, ids, settings, now, stopping } = options;

  const requireLive = (id: string): Subscription => {
    const subscription = rows.byId(id);
    if (!subscription) throw new GraphRefusal(404, 'ResourceNotFound', `The subscription '${id}' was not found.`);
    return subscription;
  };

  function refuseSurplus(input: SubscriptionInput): void {
    const live = rows.live();
    const same = live.find((other) => kindOf(other) === kindOf(input));
    if (same) {
      const message = `Subscription Id ${same.id} already exists for the requested combination of changeType and resource.`;
      throw new GraphRefusal(409, 'Conflict', message);
    }
    if (live.length >= MOST_SUBSCRIPTIONS) {
      throw new GraphRefusal(403, 'Forbidden', `There may be at most ${MOST_SUBSCRIPTIONS} subscriptions.`);
    }
  }

  function toBody(subscription: Subscription): Record<string, unknown> {
    const { expiresAt, ...members } = subscription;
    return {
      ...members,
      // Only the answer to the creation repeats the secret.
      clientState: null,
      applicationId: settings.appId,
      creatorId: ids.idOf('creator'),
      expirationDateTime: new Date(expiresAt).toISOString(),
      includeResourceData: null,
      latestSupportedTlsVersion: 'v1_2',
      encryptionCertificate: null,
      encryptionCertificateId: null,
      notificationQueryOptions: null,
      notificationUrlAppId: null,
    };
  }

  const toNotification = (subscription: Subscription): Record<string, unknown> => ({
    id: ids.passingId(),
    subscriptionId: subscription.id,
    subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
    clientState: subscription.clientState,
    tenantId: settings.tenantId,
  });

  return {
    async create(request) {
      const input = readSubscriptionInput(request.body, now());
      refuseSurplus(input);
      const urls = [input.notificationUrl, input.lifecycleNotificationUrl].filter((url) => url !== null);
      await Promise.all(urls.map((url) => shakeHands(sender, url, ids.passingId(), settings.handshakeMs)));
      if (stopping.aborted) throw new GraphRefusal(503, 'serviceNotAvailable', 'The emulator stops.');
      // Another may have been made while the receiver was asked.
      refuseSurplus(input);
      const subscription = { id: ids.nextId(), ...input };
      rows.add(subscription);
      return json(201, {
        '@odata.context': `${contextOf(request)}/$entity`,
        ...toBody(subscription),
        clientState: input.clientState,
      });
    },

    list: (request) => json(200, { '@odata.context': contextOf(request), value: rows.live().map(toBody) }),

    get: (request, id) => json(200, { '@odata.context': `${contextOf(request)}/$entity`, ...toBody(requireLive(id)) }),

    renew(request, id) {
      const subscription = requireLive(id);
      const expiresAt = readRenewal(request.body, now());
      rows.setExpiry(subscription.id, expiresAt);
      return json(200, {
        '@odata.context': `${contextOf(request)}/$entity`,
        ...toBody({ ...subscription, expiresAt }),
      });
    },

    reauthorize(_request, id) {
      requireLive(id);
      return { status: 204, headers: {} };
    },

    remove(_request, id) {
      rows.remove(requireLive(id).id);
      return { status: 204, headers: {} };
    },

    notify(userId, changeType) {
      for (const subscription of rows.live()) {
        const only = userIdOf(subscription.resource);
        if (only !== undefined && only !== userId.toLowerCase()) continue;
        if (!changesOf(subscription.changeType).includes(changeType)) continue;
        const resource = `Users/${userId}`;
        notifier.add(subscription.notificationUrl, {
          ...toNotification(subscription),
          changeType,
          resource,
          resourceData: {
            '@odata.type': '#Microsoft.Graph.User',
            '@odata.id': resource,
            '@odata.etag': `W/"${ids.passingId()}"`,
            id: userId,
          },
        });
      }
    },

    async sendLifecycle(subscription, url, lifecycleEvent) {
      const { resource } = subscription;
      const value = [{ ...toNotification(subscription), lifecycleEvent, resource }];
      return (await sender.send(toMessage('lifecycle', url, { value }))).status;
    },
  };
}

/** Equal for two subscriptions that cannot live side by side. */
function kindOf({ changeType, resource }: Pick<Subscription, 'changeType' | 'resource'>): string {
  return `${changesOf(changeType).join(',')} ${resource.toLowerCase().replace(/^\//, '')}`;
}

function contextOf(request: GraphRequest): string {
  return `${request.root}/$metadata#subscriptions`;
}
