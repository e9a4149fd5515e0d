/** Tells requests of this machine's programs from those of web pages that a browser on it shows. */
import type { FastifyReply, FastifyRequest } from 'fastify';

const LOOPBACK = String.raw`(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?`;
const HOST = new RegExp(`^${LOOPBACK}$`, 'i');
const ORIGIN = new RegExp(`^https?://${LOOPBACK}$`, 'i');

/** Refuses pages of others, also those whose name was made to lead here. Who opens a redeem link comes from anywhere. */
export async function refuseStrangers(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.routeOptions.url === '/redeem') return;
  const { host = '', origin } = request.headers;
  if (!HOST.test(host))
    await reply.code(403).send({ error: 'ask for the emulator by a loopback name, such as 127.0.0.1' });
  else if (origin !== undefined && !ORIGIN.test(origin))
    await reply.code(403).send({ error: 'the emulator takes nothing from pages of other machines' });
}
