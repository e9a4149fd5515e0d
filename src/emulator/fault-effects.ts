/** What a fault does to one request. */
import { isFinished } from './call-operations.ts';
import { callNotFound, operationNotFound } from './calls.ts';
import {
  deliver,
  errorAnswer,
  withHeaders,
  type Delivery,
  type GraphAnswer,
  type GraphRequest,
} from './graph-answer.ts';
import { isMembers, type Members } from './member-check.ts';

/** `status`, `html`, `body`, `unknownCall` and `cut` before leave the request unprocessed; all others process it first. */
export type Effect =
  | {
      kind: 'status';
      status: number;
      retryAfter?: string;
      code?: string;
      message?: string;
      headers?: Record<string, string>;
    }
  | { kind: 'html'; status: number }
  | { kind: 'body'; status: number; contentType: string; text: string }
  | { kind: 'unknownCall' }
  | { kind: 'cut'; when: 'before' | 'after' }
  | { kind: 'delay'; ms: number }
  | { kind: 'hang' }
  | { kind: 'errorAfter'; status: number }
  | { kind: 'wrap' }
  | { kind: 'merge'; body: Members }
  | { kind: 'vanish' }
  | { kind: 'throttleHeaders'; headers: Record<string, string> }
  | { kind: 'duplicates' }
  | { kind: 'foreignLinks'; origin: string }
  | { kind: 'dropPart' }
  | { kind: 'doublePart' };

const USUAL_CODES: Record<number, string> = {
  400: 'BadRequest',
  401: 'InvalidAuthenticationToken',
  403: 'Authorization_RequestDenied',
  404: 'Request_ResourceNotFound',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'serviceNotAvailable',
};

/** The delivery that comes of a request which this effect hits. */
export async function applyEffect(
  effect: Effect,
  request: GraphRequest,
  process: () => Promise<Delivery>,
): Promise<Delivery> {
  switch (effect.kind) {
    case 'status':
      return deliver(failure(request, effect.status, effect.code, effect.message, statusHeaders(effect)));
    case 'html':
      return deliver(page(effect.status));
    case 'body':
      return deliver({ status: effect.status, headers: { 'Content-Type': effect.contentType }, text: effect.text });
    case 'unknownCall':
      return deliver(errorAnswer(request, callNotFound()));
    case 'cut':
      return { ...(effect.when === 'before' ? deliver({ status: 200, headers: {} }) : await process()), by: 'cut' };
    case 'hang':
      return { ...(await process()), by: 'hang' };
    case 'delay': {
      const done = await process();
      return { ...done, delayMs: done.delayMs + effect.ms };
    }
    case 'errorAfter':
      return { ...(await process()), answer: failure(request, effect.status) };
    case 'wrap':
      return changed(await process(), (body) => ({ value: body }));
    case 'merge':
      return changed(await process(), (body) => (isMembers(body) ? { ...body, ...effect.body } : body));
    case 'vanish': {
      const done = await process();
      return isFinishedOperation(done.answer) ? { ...done, answer: errorAnswer(request, operationNotFound()) } : done;
    }
    case 'throttleHeaders':
      return withHeaders(await process(), effect.headers);
    case 'duplicates':
      return changed(await process(), repeatItems);
    case 'foreignLinks':
      return changed(await process(), (body) => leadAway(body, effect.origin));
    case 'dropPart':
      return { ...(await process()), copies: 0 };
    case 'doublePart':
      return { ...(await process()), copies: 2 };
    default:
      return effect satisfies never;
  }
}

function statusHeaders(effect: { retryAfter?: string; headers?: Record<string, string> }): Record<string, string> {
  return { ...effect.headers, ...(effect.retryAfter !== undefined && { 'Retry-After': effect.retryAfter }) };
}

function failure(
  request: GraphRequest,
  status: number,
  code = USUAL_CODES[status] ?? 'UnknownError',
  message = status === 429 ? 'Please retry again later.' : 'A fault was switched on for this request.',
  headers: Record<string, string> = {},
): GraphAnswer {
  return errorAnswer(request, { status, code, message }, headers);
}

function page(status: number): GraphAnswer {
  const text = `<!DOCTYPE html><html><body><h1>${status}: our services aren't available right now</h1></body></html>`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, text };
}

function changed(delivery: Delivery, change: (body: unknown) => unknown): Delivery {
  const { answer } = delivery;
  return answer.body === undefined ? delivery : { ...delivery, answer: { ...answer, body: change(answer.body) } };
}

/** Every item once more, in reverse. */
function repeatItems(body: unknown): unknown {
  const items: unknown = isMembers(body) ? body['value'] : undefined;
  return Array.isArray(items)
    ? { ...(body as Members), value: [...(items as unknown[]), ...items.toReversed()] }
    : body;
}

function leadAway(body: unknown, origin: string): unknown {
  if (!isMembers(body)) return body;
  const links = ['@odata.nextLink', '@odata.deltaLink'].filter((name) => typeof body[name] === 'string');
  const away = (link: unknown): string => String(link).replace(/^https?:\/\/[^/]+/, origin);
  return { ...body, ...Object.fromEntries(links.map((name) => [name, away(body[name])])) };
}

function isFinishedOperation({ body }: GraphAnswer): boolean {
  return isMembers(body) && 'resultInfo' in body && 'participants' in body && isFinished(String(body['status']));
}
