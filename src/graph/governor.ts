// Paces all calls to Graph: urgent ones first, within Graph's limits, and none while it asks us to wait or does not answer.
import { scopes, type Scope } from './scope.ts';
import { MOST_IN_FLIGHT, ScopeGovernor, type GovernedAnswer, type LoopPriority } from './scope-governor.ts';
import { availabilities, type Availability, type ScopeState } from './scope-state.ts';
import type { GovernedCall } from './waiting-calls.ts';

/** So many connections let every call that the governor starts begin at once: no other queue may come after its own. */
export const GOVERNED_CONNECTIONS = scopes.length * MOST_IN_FLIGHT;

export interface GovernorOptions {
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Told once each time that a scope's word changes. */
  onChange?: (scope: Scope, from: Availability, to: Availability) => void;
}

export interface Governor {
  /** The clock that the calls' deadlines are told by. */
  readonly now: () => number;
  /**
   * Makes a call when it is its turn; rejects as the attempt does.
   * @throws GraphHeldBack when Graph asked us to wait for longer than the call can (a poll never waits for that), GraphUnreachable
   *   (`sent: false`) when Graph is left alone, or the turn does not come in time; the attempt is then never made
   */
  run<Answer extends GovernedAnswer>(
    call: GovernedCall & { scope: Scope },
    attempt: () => Promise<Answer>,
  ): Promise<Answer>;
  /** @returns how long a loop should not claim anything to read (`poll`) or to send (`mutation`); 0: go ahead. */
  delayMs(scope: Scope, priority: LoopPriority): number;
  state(): { [scope in Scope]: ScopeState };
  /** @returns the worst word of all scopes. */
  availability(): Availability;
  /** Refuses whatever waits and whatever comes. */
  stop(): Promise<void>;
}

export function createGovernor({ now = Date.now, onChange }: GovernorOptions = {}): Governor {
  const create = (scope: Scope) =>
    new ScopeGovernor({ scope, now, onChange: (from, to) => onChange?.(scope, from, to) });
  const governors = { directory: create('directory'), calls: create('calls') } satisfies Record<Scope, ScopeGovernor>;
  return {
    now,
    run: ({ scope, ...call }, attempt) => governors[scope].run(call, attempt),
    delayMs: (scope, priority) => governors[scope].delayMs(priority),
    state: () => ({ directory: governors.directory.state(), calls: governors.calls.state() }),
    availability: () =>
      scopes
        .map((scope) => governors[scope].availability)
        .reduce((worst, word) => (availabilities.indexOf(word) > availabilities.indexOf(worst) ? word : worst)),
    async stop() {
      for (const scope of scopes) governors[scope].stop();
    },
  };
}
