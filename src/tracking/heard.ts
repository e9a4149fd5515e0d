// When notifications were last heard of, as it is noted for all replicas.

/** @param state of the job that notes it @returns milliseconds since the epoch; -Infinity when there was none */
export function toHeardAtMs(state: string | null): number {
  try {
    const { at } = JSON.parse(state ?? '{}') as { at?: unknown };
    const atMs = typeof at === 'string' ? Date.parse(at) : NaN;
    return Number.isNaN(atMs) ? -Infinity : atMs;
  } catch {
    return -Infinity;
  }
}
