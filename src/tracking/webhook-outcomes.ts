// What becomes of Graph's notifications, by the names that it is counted under.
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
