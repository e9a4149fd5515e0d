/** The faults that are switched on: which request each one hits, and how often. */
import { AdminRefusal, optionalCount, requireMembers } from './admin-input.ts';
import { readEffect } from './effect-input.ts';
import type { Effect } from './fault-effects.ts';

export interface Fault {
  method?: string;
  /** Source of a regular expression, tested against the path below the version, batch parts included. */
  path?: string;
  /** How many requests it hits; absent = all. */
  times?: number;
  /** How many matching requests pass before the first hit. */
  skip?: number;
  effect: Effect;
}

export interface Faults {
  replace(faults: Fault[]): void;
  add(fault: Fault): void;
  /** With how many requests each has hit so far. */
  list(): (Fault & { hits: number })[];
  /** The effect of the first live fault that matches, which is thereby used once. */
  take: (method: string, path: string) => Effect | undefined;
}

export function createFaults(): Faults {
  let live: { fault: Fault; pattern: RegExp | undefined; seen: number }[] = [];
  const arm = (fault: Fault): (typeof live)[number] => ({
    fault,
    pattern: fault.path === undefined ? undefined : new RegExp(fault.path),
    seen: 0,
  });

  return {
    replace(faults) {
      live = faults.map(arm);
    },
    add: (fault) => void live.push(arm(fault)),
    list: () => live.map(({ fault, seen }) => ({ ...fault, hits: Math.max(0, seen - (fault.skip ?? 0)) })),
    take(method, path) {
      for (const entry of live) {
        const { fault, pattern } = entry;
        const used = entry.seen >= (fault.skip ?? 0) + (fault.times ?? Infinity);
        if (used || (fault.method && fault.method !== method) || (pattern && !pattern.test(path))) continue;
        entry.seen++;
        // While a fault still lets requests pass, those after it in the list may hit.
        if (entry.seen > (fault.skip ?? 0)) return fault.effect;
      }
      return undefined;
    },
  };
}

/** @throws AdminRefusal that says what is wrong. */
export function readFault(value: unknown): Fault {
  const members = requireMembers(value, 'fault', ['method', 'path', 'times', 'skip', 'effect']);
  const { method, path } = members;
  if (method !== undefined && typeof method !== 'string') throw new AdminRefusal('fault.method must be a string');
  if (path !== undefined && typeof path !== 'string') throw new AdminRefusal('fault.path must be a string');
  if (path !== undefined && !isPattern(path)) throw new AdminRefusal(`fault.path is not a regular expression: ${path}`);
  const times = optionalCount(members, 'times');
  const skip = optionalCount(members, 'skip');
  return {
    ...(method !== undefined && { method: method.toUpperCase() }),
    ...(path !== undefined && { path }),
    ...(times !== undefined && { times }),
    ...(skip !== undefined && { skip }),
    effect: readEffect(members['effect']),
  };
}

function isPattern(source: string): boolean {
  try {
    return Boolean(new RegExp(source));
  } catch {
    return false;
  }
}
