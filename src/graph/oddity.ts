// What Graph, or something on the way, answers against its own rules: borne with, and told.

/**
 * badRetryAfter: a `Retry-After` that cannot be understood, or is too long to be obeyed. partMissing, partDoubled: of a batch.
 * unreadable: a success that is no JSON. foreignLink: one that leads out of the configured Graph.
 */
export type Oddity = 'badRetryAfter' | 'partMissing' | 'partDoubled' | 'unreadable' | 'foreignLink';

export type ReportOddity = (oddity: Oddity) => void;
