/** Adds one route under `/admin`, and turns refusals into answers. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AdminRefusal } from './admin-input.ts';

export type AdminHandler = (request: FastifyRequest<{ Params: { id?: string } }>) => unknown;
export type AddAdminRoute = (method: 'GET' | 'PUT' | 'POST' | 'DELETE', url: string, handle: AdminHandler) => void;

export function createAddAdminRoute(server: FastifyInstance): AddAdminRoute {
  return (method, url, handle) =>
    server.route<{ Params: { id?: string } }>({
      method,
      url: `/admin${url}`,
      handler: async (request, reply) => {
        try {
          return await reply.send(await handle(request));
        } catch (error) {
          if (error instanceof AdminRefusal) return reply.code(error.status).send({ error: error.message });
          throw error;
        }
      },
    });
}

/** @throws AdminRefusal when the body is not JSON, or does not say so. */
export function bodyOf(request: FastifyRequest): unknown {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new AdminRefusal('the body must be JSON, with the content type application/json', 415);
  try {
    return JSON.parse(String(request.body)) as unknown;
  } catch {
    throw new AdminRefusal('the body must be JSON');
  }
}
