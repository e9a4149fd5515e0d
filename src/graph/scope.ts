// What a call to Graph counts against, and how urgent it is.

/** Graph limits these apart from each other: `/communications` and `/app/calls`; everything else. */
export const scopes = ['directory', 'calls'] as const;
export type Scope = (typeof scopes)[number];

/** A limit may hold for one of them only. */
export const accesses = ['read', 'write'] as const;
export type Access = (typeof accesses)[number];

/** What a limit holds for. */
export const limits = [...accesses, 'both'] as const;
export type Limit = (typeof limits)[number];

/** Most urgent first: something with an effect, a read that somebody waits for, a read of ours. */
export const priorities = ['mutation', 'read', 'poll'] as const;
export type Priority = (typeof priorities)[number];

/** @returns the scope of a path below the version. */
export function scopeOf(path: string): Scope {
  return /^\/(communications|app\/calls)([/?(]|$)/.test(path) ? 'calls' : 'directory';
}

/** Tells Graph whom to throttle first. */
export const PRIORITY_HEADER = 'x-ms-throttle-priority';
export const priorityWords = { mutation: 'High', read: 'Normal', poll: 'Low' } as const satisfies Record<
  Priority,
  string
>;
