/** What a fault does to one request: the effects, how they are read and how they are applied. */
import { AdminRefusal, optionalCount, optionalText, requireMembers, requireStatus } from './admin-input.ts';
import { isFinished } from './call-operations.ts';
import { callNotFound, operationNotFound } from './calls.ts';
import { deliver, errorAnswer, type Delivery, type GraphAnswer, type GraphRequest } from './graph-answer.ts';
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

export function applyEffect(effect: Effect, request: GraphRequest, process: () => Delivery): Delivery {
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
      return { ...(effect.when === 'before' ? deliver({ status: 200, headers: {} }) : process()), by: 'cut' };
    case 'hang':
      return { ...process(), by: 'hang' };
    case 'delay': {
      const done = process();
      return { ...done, delayMs: done.delayMs + effect.ms };
    }
    case 'errorAfter':
      return { ...process(), answer: failure(request, effect.status) };
    case 'wrap':
      return changed(process(), (body) => ({ value: body }));
    case 'merge':
      return changed(process(), (body) => (isMembers(body) ? { ...body, ...effect.body } : body));
    case 'vanish': {
      const done = process();
      return isFinishedOperation(done.answer) ? { ...done, answer: errorAnswer(request, operationNotFound()) } : done;
    }
    case 'dropPart':
      return { ...process(), copies: 0 };
    case 'doublePart':
      return { ...process(), copies: 2 };
    default:
      return effect satisfies never;
  }
}

/** @throws AdminRefusal that says what is wrong. */
export function readEffect(value: unknown): Effect {
  if (!isMembers(value)) throw new AdminRefusal('effect must be a JSON object');
  const { kind } = value;
  const known = (...names: string[]): Members => requireMembers(value, 'effect', ['kind', ...names]);
  switch (kind) {
    case 'status':
      return readStatusEffect(known('status', 'retryAfter', 'code', 'message', 'headers'));
    case 'html':
      return { kind, status: requireStatus(known('status'), 503) };
    case 'body': {
      const members = known('status', 'contentType', 'text');
      const contentType = optionalText(members, 'contentType') ?? 'application/json';
      return { kind, status: requireStatus(members, 200), contentType, text: optionalText(members, 'text') ?? '' };
    }
    case 'cut': {
      const { when } = known('when');
      if (when !== 'before' && when !== 'after') throw new AdminRefusal("effect.when must be 'before' or 'after'");
      return { kind, when };
    }
    case 'delay': {
      const ms = optionalCount(known('ms'), 'ms');
      if (ms === undefined) throw new AdminRefusal('effect.ms is required');
      return { kind, ms };
    }
    case 'errorAfter':
      return { kind, status: requireStatus(known('status'), 500) };
    case 'merge': {
      const { body } = known('body');
      if (!isMembers(body)) throw new AdminRefusal('effect.body must be a JSON object');
      return { kind, body };
    }
    case 'hang':
    case 'wrap':
    case 'vanish':
    case 'unknownCall':
    case 'dropPart':
    case 'doublePart':
      known();
      return { kind };
    default:
      throw new AdminRefusal(`effect.kind is unknown: ${JSON.stringify(kind)}`);
  }
}

function readStatusEffect(members: Members): Effect {
  const code = optionalText(members, 'code');
  const message = optionalText(members, 'message');
  const { retryAfter, headers } = members;
  if (retryAfter !== undefined && typeof retryAfter !== 'string' && typeof retryAfter !== 'number') {
    throw new AdminRefusal('effect.retryAfter must be a string');
  }
  if (headers !== undefined && !isMembers(headers)) throw new AdminRefusal('effect.headers must be a JSON object');
  return {
    kind: 'status',
    status: requireStatus(members),
    ...(retryAfter !== undefined && { retryAfter: String(retryAfter) }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)])),
    }),
  };
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

function isFinishedOperation({ body }: GraphAnswer): boolean {
  return isMembers(body) && 'resultInfo' in body && 'participants' in body && isFinished(String(body['status']));
}
