// What happened how often since the start, by name.

export interface Counters {
  count(name: string): void;
  /** @returns how often each was counted. */
  read(): Readonly<Record<string, number>>;
}

export function createCounters(): Counters {
  const counts: Record<string, number> = {};
  return {
    count(name) {
      counts[name] = (counts[name] ?? 0) + 1;
    },
    read: () => ({ ...counts }),
  };
}
