/** Reads what an admin request says about the effect of a fault. */
import { AdminRefusal, optionalCount, optionalText, requireMembers, requireStatus } from './admin-input.ts';
import type { Effect } from './fault-effects.ts';
import { isMembers, type Members } from './member-check.ts';

const THROTTLE_HEADERS = new Map([
  ['percentage', 'x-ms-throttle-limit-percentage'],
  ['scope', 'x-ms-throttle-scope'],
  ['information', 'x-ms-throttle-information'],
  ['resourceUnit', 'x-ms-resource-unit'],
]);

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
    case 'throttleHeaders':
      return { kind, headers: throttleHeaders(known(...THROTTLE_HEADERS.keys())) };
    case 'foreignLinks': {
      const origin = optionalText(known('origin'), 'origin') ?? '';
      if (URL.parse(origin)?.origin !== origin)
        throw new AdminRefusal('effect.origin must be like https://example.com');
      return { kind, origin };
    }
    case 'hang':
    case 'wrap':
    case 'duplicates':
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

function throttleHeaders(members: Members): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [member, header] of THROTTLE_HEADERS) {
    const value = members[member];
    if (value === undefined) continue;
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new AdminRefusal(`effect.${member} must be a string or a number`);
    }
    headers[header] = String(value);
  }
  return headers;
}
