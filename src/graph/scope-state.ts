// What the governor tells about a scope.
import type { BreakerState } from './breaker.ts';
import type { Access } from './scope.ts';

/** How a scope is doing, best first. */
export const availabilities = ['available', 'slowed', 'throttled', 'unavailable'] as const;
export type Availability = (typeof availabilities)[number];

/** Counted since the start. */
export interface ScopeCounters {
  requests: number;
  /** Parts of batches that were answered. */
  parts: number;
  /** Answers and parts by which Graph throttled us. */
  throttled: number;
  /** Calls that were refused without asking Graph, for it asked us to wait. */
  heldBack: number;
  /** Requests to which Graph gave no answer of its own. */
  failures: number;
  resourceUnits: number;
  breakerOpened: number;
}

export interface ScopeState {
  availability: Availability;
  inFlight: number;
  waiting: number;
  /** Until when nothing of the kind is sent, in milliseconds since the epoch; null when it may be. */
  heldUntil: { [access in Access]: number | null };
  /** The share of Graph's limit that is used, null when nothing recent tells. */
  percentage: number | null;
  breaker: BreakerState;
  counters: ScopeCounters;
}

export function createScopeCounters(): ScopeCounters {
  return {
    requests: 0,
    parts: 0,
    throttled: 0,
    heldBack: 0,
    failures: 0,
    resourceUnits: 0,
    breakerOpened: 0,
  };
}
