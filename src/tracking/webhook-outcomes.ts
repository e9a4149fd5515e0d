// What becomes of Graph's notifications: counted always, and written to the log only now and then, without what they hold.
import type { Logger } from '../logger.ts';

/**
 * handshake: a new subscription was confirmed. accepted: a call notification is on disk. ignored: one about something else.
 * changed: a user changed. lifecycle: news of the subscription. matched: a stored one found its record. unmatched: it was
 * forgotten, for no record was its. The rest were refused: unauthorized and uncheckable by their token, foreign by their
 * secret or tenant, malformed, rubbish (stored, yet not readable), failed by a fault of ours.
 */
export type WebhookOutcome =
  | 'handshake'
  | 'accepted'
  | 'ignored'
  | 'changed'
  | 'lifecycle'
  | 'matched'
  | 'unmatched'
  | 'unauthorized'
  | 'uncheckable'
  | 'foreign'
  | 'malformed'
  | 'rubbish'
  | 'failed';

export interface OutcomeReporterOptions {
  logger: Pick<Logger, 'warn'>;
  count: (outcome: WebhookOutcome) => void;
  now: () => Date;
}

/** Counts a refusal, and logs the first of its kind in each minute. */
export type ReportRefusal = (outcome: WebhookOutcome, facts: object, message: string) => void;

const QUIET_MS = 60_000;

export function createRefusalReporter({ logger, count, now }: OutcomeReporterOptions): ReportRefusal {
  const loggedAtMs = new Map<WebhookOutcome, number>();
  return (outcome, facts, message) => {
    count(outcome);
    const nowMs = Number(now());
    if (nowMs - (loggedAtMs.get(outcome) ?? -Infinity) < QUIET_MS) return;
    loggedAtMs.set(outcome, nowMs);
    logger.warn({ outcome, ...facts }, message);
  };
}
