/** Takes one Graph request from its receipt to its delivery: token, route or batch, faults, log. */
import { createBatch } from './batch.ts';
import { applyEffect, type Effect } from './fault-effects.ts';
import type { Faults } from './faults.ts';
import { deliver, errorAnswer, GraphRefusal, withHeaders, type Delivery, type GraphRequest } from './graph-answer.ts';
import type { FindRoute } from './graph-routes.ts';
import type { RandomIds } from './random-ids.ts';
import { hideToken, type LoggedPart, type LoggedRequest, type RequestLog } from './request-log.ts';
import { resourceUnits } from './resource-units.ts';

export interface GraphOptions {
  findRoute: FindRoute;
  faults: Faults;
  log: RequestLog;
  ids: RandomIds;
}

export type Graph = (request: GraphRequest, version: string) => Promise<Delivery>;

const BEARER = /^Bearer\s+\S/i;

export function createGraph({ findRoute, faults, log, ids }: GraphOptions): Graph {
  const batch = createBatch({ ids, serve, takeEffect: faults.take });

  function serve(request: GraphRequest, effect: Effect | undefined): Promise<Delivery> {
    const route = findRoute(request.method, request.path);
    log.count(`${request.method} ${route.template}`);
    const work = async (): Promise<Delivery> => {
      admit(request);
      return deliver(await route.handle(request));
    };
    const units = resourceUnits(request.method, route.template, request.query);
    return faulted(request, effect, async () => withHeaders(await answered(request, work), units));
  }

  function serveBatch(request: GraphRequest, logged: LoggedRequest): Promise<Delivery> {
    log.count('POST /$batch');
    logged.batch = true;
    const work = async (): Promise<Delivery> => {
      admit(request);
      const { delivery, parts } = await batch(request);
      logged.parts = parts;
      return delivery;
    };
    return faulted(request, faults.take(request.method, request.path), () => answered(request, work));
  }

  return async (request, version) => {
    const logged = toLogged(request, version);
    log.add(logged);
    const isBatch = request.method === 'POST' && request.path === '/$batch';
    const delivery = isBatch
      ? await serveBatch(request, logged)
      : await serve(request, faults.take(request.method, request.path));
    logged.status = delivery.by === 'send' ? delivery.answer.status : null;
    if (logged.status === null) logged.parts?.forEach(forgetStatus);
    return delivery;
  };
}

function faulted(
  request: GraphRequest,
  effect: Effect | undefined,
  process: () => Promise<Delivery>,
): Promise<Delivery> {
  return effect ? applyEffect(effect, request, process) : process();
}

async function answered(request: GraphRequest, work: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GraphRefusal) return deliver(errorAnswer(request, error));
    throw error;
  }
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
  return {
    at: request.receivedAt,
    method: request.method,
    path: `/${version}${request.path}`,
    query: Object.fromEntries(request.query),
    headers: hideToken(request.headers),
    body: request.body,
    status: null,
  };
}
