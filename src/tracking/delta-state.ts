// Where the following of the directory's changes stands: kept in the store, for all replicas.

export interface DeltaState {
  /** Where the next page is, below the version; null: the following begins anew. */
  link: string | null;
  /** From when on the link tells of changes. */
  startedAt: number | null;
  /** When a round came to its end last. */
  succeededAt: number | null;
  /** Whether a round has come to its end since the following began. */
  isProven: boolean;
  /** Failures in a row. */
  failures: number;
  /** When a round last found news that no notification had announced. */
  unannouncedAt: number | null;
}

const NOTHING: DeltaState = {
  link: null,
  startedAt: null,
  succeededAt: null,
  isProven: false,
  failures: 0,
  unannouncedAt: null,
};

/** @param text as it was saved; what cannot be read is the same as nothing */
export function toDeltaState(text: string | null): DeltaState {
  try {
    return { ...NOTHING, ...(JSON.parse(text ?? '{}') as Partial<DeltaState>) };
  } catch {
    return NOTHING;
  }
}
