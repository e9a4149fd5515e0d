/** Reads what admin requests carry, and says in plain words what is wrong with it. */
import { isMembers, type Members } from './member-check.ts';

/** Becomes a 400 (or the given status) with `{ "error": message }`. */
export class AdminRefusal extends Error {
  readonly status: number;
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** @throws AdminRefusal for anything but an object with known members. */
export function requireMembers(value: unknown, name: string, known: string[]): Members {
  if (!isMembers(value)) throw new AdminRefusal(`${name} must be a JSON object`);
  for (const member of Object.keys(value)) {
    if (!known.includes(member)) throw new AdminRefusal(`${name}.${member} is unknown; known: ${known.join(', ')}`);
  }
  return value;
}

/** A whole number from 0, or undefined when absent. */
export function optionalCount(members: Members, name: string): number | undefined {
  const value = members[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new AdminRefusal(`${name} must be a whole number of at least 0`);
  }
  return value;
}

/** Text, or undefined when absent. */
export function optionalText(members: Members, name: string): string | undefined {
  const value = members[name];
  if (value !== undefined && typeof value !== 'string') throw new AdminRefusal(`${name} must be a string`);
  return value;
}

/** Text or null, or undefined when absent. */
export function optionalTextOrNull(members: Members, name: string): string | null | undefined {
  return members[name] === null ? null : optionalText(members, name);
}

/** A date that JavaScript understands, as sent. */
export function optionalDate(members: Members, name: string): string | undefined {
  const value = optionalText(members, name);
  if (value !== undefined && Number.isNaN(Date.parse(value))) throw new AdminRefusal(`${name} must be a date`);
  return value;
}

/** An HTTP status that has a body. */
export function requireStatus(members: Members, fallback?: number): number {
  const value = members['status'] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 200 || value > 599) {
    throw new AdminRefusal('effect.status must be an HTTP status from 200 to 599');
  }
  return value;
}
