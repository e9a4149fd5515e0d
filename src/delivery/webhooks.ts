// Takes Graph's notifications: they are checked and written down here, and worked on elsewhere.
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { NotificationTokenCheck } from '../auth/notification-token.ts';
import { GatewayError, toError } from '../errors.ts';
import { sendError, sendHttpError } from '../http-error.ts';
import type { Logger } from '../logger.ts';
import { createSeldomLog } from '../seldom-log.ts';
import type { Store } from '../tracking/store.ts';
import { CHANGES_PATH } from '../tracking/subscription-state.ts';
import type { WebhookOutcome } from '../tracking/webhook-outcomes.ts';
import { createCallReceiver } from './call-notifications.ts';
import { createChangeReceiver, shakeHands } from './change-notifications.ts';

export interface WebhookOptions {
  store: Pick<Store, 'addNotifications' | 'expediteJob' | 'noteJob' | 'readJob'>;
  /** Judges who sends notifications of calls. */
  tokenCheck: NotificationTokenCheck;
  /** Whose directory changes are told of. */
  tenantId: string;
  logger: Pick<Logger, 'warn'>;
  now: () => Date;
  count: (outcome: WebhookOutcome) => void;
  /** Told when notifications of calls wait in the store. */
  onNotification: () => void;
  /** Told when users changed. */
  onChange: () => void;
  /** Told when there is news of the subscription to changes of users. */
  onLifecycle: () => void;
}

/** Where Graph sends notifications of calls, below our public address. */
export const CALLS_PATH = '/webhooks/graph/calls';
const MAX_BODY_BYTES = 1024 * 1024;

/** Serves `POST` of both paths; nothing in them waits for Graph, for it drops receivers that take long. */
export async function serveWebhooks(app: FastifyInstance, options: WebhookOptions): Promise<void> {
  const { tokenCheck, count } = options;
  const refuse = createSeldomLog(options);
  const receiveCalls = createCallReceiver(options);
  const receiveChanges = createChangeReceiver({ ...options, refuse });

  await app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers();
    const parse = scope.getDefaultJsonParser('error', 'error');
    scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, parse);
    scope.setErrorHandler((error: FastifyError | GatewayError, _request, reply) => {
      const [outcome, answer] = toRefusal(error, reply);
      refuse(outcome, factsOf(outcome, error), 'a delivery of notifications from Graph is refused');
      return answer;
    });

    // Before the body is read: nobody else may make us parse anything.
    scope.post(
      CALLS_PATH,
      { bodyLimit: MAX_BODY_BYTES, onRequest: async ({ headers }) => tokenCheck(headers.authorization) },
      async ({ body }, reply) => {
        await receiveCalls(body);
        return reply.code(202).send();
      },
    );

    scope.post<{ Querystring: { validationToken?: string | string[] } }>(
      CHANGES_PATH,
      {
        bodyLimit: MAX_BODY_BYTES,
        onRequest: async ({ query }, reply) => {
          if (query.validationToken === undefined) return;
          await shakeHands(query.validationToken, reply);
          count('handshake');
        },
      },
      async ({ body }, reply) => {
        await receiveChanges(body);
        return reply.code(202).send();
      },
    );
    done();
  });
}

/** What is no client's fault is answered so that Graph sends it again. */
function toRefusal(error: FastifyError | GatewayError, reply: FastifyReply): [WebhookOutcome, FastifyReply] {
  if (error instanceof GatewayError) {
    const { code, message } = error;
    if (code === 'FORBIDDEN') return ['unauthorized', sendError(reply, 403, code, message)];
    if (code === 'UPSTREAM_UNAVAILABLE') return ['uncheckable', sendError(reply, 503, code, message)];
    if (code === 'BAD_REQUEST') return ['malformed', sendError(reply, 400, code, message)];
    return ['failed', sendError(reply, 500, 'INTERNAL_SERVER_ERROR', 'Internal server error')];
  }
  const status = error.statusCode ?? 500;
  if (status === 413) return ['malformed', sendHttpError(reply, error, () => {})];
  if (status < 500) return ['malformed', sendError(reply, status, 'BAD_REQUEST', NOT_NOTIFICATIONS)];
  return ['failed', sendError(reply, 500, 'INTERNAL_SERVER_ERROR', 'Internal server error')];
}

const NOT_NOTIFICATIONS = 'These are no notifications. Send a JSON object with an array `value`, as application/json.';

/** Never what was sent, which messages of libraries quote: it holds addresses and phone numbers. */
function factsOf(outcome: WebhookOutcome, error: FastifyError | GatewayError): object {
  const origin = error instanceof GatewayError ? (error.originalError ?? error) : error;
  if (outcome === 'failed' || outcome === 'uncheckable') return { err: origin };
  const { code } = origin as { code?: unknown };
  return { reason: typeof code === 'string' ? code : toError(origin).name };
}
