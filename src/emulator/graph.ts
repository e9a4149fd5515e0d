/** Takes one Graph request from its receipt to its delivery: token, route or batch, faults, log. */
import { createBatch } from './batch.ts';
import { applyEffect, type Effect } from './fault-effects.ts';
import type { Faults } from './faults.ts';
import { deliver, errorAnswer, GraphRefusal, type Delivery, type GraphRequest } from './graph-answer.ts';
import type { FindRoute } from './graph-routes.ts';
import type { RandomIds } from './random-ids.ts';
import type { LoggedPart, LoggedRequest, RequestLog } from './request-log.ts';

export interface GraphOptions {
  findRoute: FindRoute;
  faults: Faults;
  log: RequestLog;
  ids: RandomIds;
}

export type Graph = (request: GraphRequest, version: string) => Delivery;

const BEARER = /^Bearer\s+\S/i;

export function createGraph({ findRoute, faults, log, ids }: GraphOptions): Graph {
  const batch = createBatch({ ids, serve, takeEffect: faults.take });

  function serve(request: GraphRequest, effect: Effect | undefined): Delivery {
    const route = findRoute(request.method, request.path);
    log.count(`${request.method} ${route.template}`);
    return faulted(request, effect, () => {
      admit(request);
      return deliver(route.handle(request));
    });
  }

  function serveBatch(request: GraphRequest, logged: LoggedRequest): Delivery {
    log.count('POST /$batch');
    logged.batch = true;
    return faulted(request, faults.take(request.method, request.path), () => {
      admit(request);
      const { delivery, parts } = batch(request);
      logged.parts = parts;
      return delivery;
    });
  }

  return (request, version) => {
    const logged = toLogged(request, version);
    log.add(logged);
    const isBatch = request.method === 'POST' && request.path === '/$batch';
    const delivery = isBatch ? serveBatch(request, logged) : serve(request, faults.take(request.method, request.path));
    logged.status = delivery.by === 'send' ? delivery.answer.status : null;
    if (logged.status === null) logged.parts?.forEach(forgetStatus);
    return delivery;
  };
}

function faulted(request: GraphRequest, effect: Effect | undefined, work: () => Delivery): Delivery {
  const process = (): Delivery => {
    try {
      return work();
    } catch (error) {
      if (error instanceof GraphRefusal) return deliver(errorAnswer(request, error));
      throw error;
    }
  };
  return effect ? applyEffect(effect, request, process) : process();
}

function admit(request: GraphRequest): void {
  if (!BEARER.test(request.headers['authorization'] ?? '')) {
    throw new GraphRefusal(401, 'InvalidAuthenticationToken', 'Access token is empty.');
  }
  if (request.bodyRefusal) throw request.bodyRefusal;
}

function forgetStatus(part: LoggedPart): void {
  part.status = null;
}

function toLogged(request: GraphRequest, version: string): LoggedRequest {
  const { authorization, ...headers } = request.headers;
  return {
    at: request.receivedAt,
    method: request.method,
    path: `/${version}${request.path}`,
    query: Object.fromEntries(request.query),
    headers: authorization === undefined ? headers : { ...headers, authorization: 'present' },
    body: request.body,
    status: null,
  };
}
