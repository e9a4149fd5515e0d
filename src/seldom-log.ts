// Logs what may come in masses: the first of each kind in a minute, while all are counted.
import type { Logger } from './logger.ts';

export interface SeldomLogOptions<Kind extends string> {
  logger: Pick<Logger, 'warn'>;
  count: (kind: Kind) => void;
  now: () => Date;
}

/** @param facts beside the kind; nothing that was received belongs there */
export type SeldomLog<Kind extends string> = (kind: Kind, facts: object, message: string) => void;

const QUIET_MS = 60_000;

export function createSeldomLog<Kind extends string>({ logger, count, now }: SeldomLogOptions<Kind>): SeldomLog<Kind> {
  const loggedAtMs = new Map<Kind, number>();
  return (kind, facts, message) => {
    count(kind);
    const nowMs = Number(now());
    if (nowMs - (loggedAtMs.get(kind) ?? -Infinity) < QUIET_MS) return;
    loggedAtMs.set(kind, nowMs);
    logger.warn({ kind, ...facts }, message);
  };
}
