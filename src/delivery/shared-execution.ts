// Answers to events of subscriptions: executed and serialized once for all who asked the same and may see the same.
import { execute, type DocumentNode, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { Caller } from '../auth/caller.ts';
import type { GraphQLContext } from '../context.ts';
import { isOwnedBy, type Viewer } from '../tracking/record.ts';
import { toEventKey, toRecord, type WatchEvent } from '../tracking/watch-event.ts';

export interface SharedExecutionsOptions {
  /** Made anew for each execution. */
  createContext: (caller: Caller) => GraphQLContext;
  /** @returns the result as clients get it, as JSON. */
  toText: (result: ExecutionResult) => string;
}

/**
 * How long an answer is kept for those who come to the same event a little later. Members that are outside of the record may be
 * as old.
 */
const KEEP_MS = 1_000;

/** The executions of all documents, found again by what was asked. */
export class SharedExecutions {
  readonly #options: SharedExecutionsOptions;
  readonly #byDocument = new WeakMap<DocumentNode, Map<string, SharedExecution>>();

  constructor(options: SharedExecutionsOptions) {
    this.#options = options;
  }

  /** @returns what is shared with whoever asks the same; to be given back by `release` */
  share(args: ExecutionArgs, permissions: ReadonlySet<string>): SharedExecution {
    const { schema, document, operationName, variableValues } = args;
    const executions = this.#byDocument.get(document) ?? new Map<string, SharedExecution>();
    this.#byDocument.set(document, executions);
    const key = JSON.stringify([operationName, variableValues, [...permissions].sort()]);
    const found = executions.get(key);
    const shared =
      found ??
      new SharedExecution({
        ...this.#options,
        args: { schema, document, operationName, variableValues },
        permissions,
        onUnused: () => executions.delete(key),
      });
    if (!found) executions.set(key, shared);
    shared.hold();
    return shared;
  }
}

interface SharedExecutionOptions extends SharedExecutionsOptions {
  args: ExecutionArgs;
  permissions: ReadonlySet<string>;
  onUnused: () => void;
}

/** One document with its variables, for callers with the same permissions. */
export class SharedExecution {
  readonly #options: SharedExecutionOptions;
  readonly #texts = new Map<string, string | Promise<string>>();
  #holders = 0;

  constructor(options: SharedExecutionOptions) {
    this.#options = options;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#options.onUnused();
  }

  /** @returns the answer to an event as a viewer of its record gets it, as JSON; at once when it is known. @throws what cannot be answered */
  toText(event: WatchEvent, viewer: Viewer): string | Promise<string> {
    const isOwner = isOwnedBy(toRecord(event), viewer);
    const key = `${toEventKey(event)} ${isOwner}`;
    return this.#texts.get(key) ?? this.#execute(key, event, isOwner);
  }

  #execute(key: string, event: WatchEvent, isOwner: boolean): string | Promise<string> {
    const { args, permissions, createContext, toText } = this.#options;
    // Only what is the same for all who share the answer can be seen by what makes it.
    const { tenantId, subject } = toRecord(event).owner;
    const caller = { tenantId, subject: isOwner ? subject : '', isAdmin: false, permissions, assertion: null };
    const result = execute({ ...args, rootValue: event, contextValue: createContext(caller) });
    if (!('then' in result)) return this.#keep(key, toText(result));
    const answer = this.#keepLater(key, result);
    this.#texts.set(key, answer);
    return answer;
  }

  async #keepLater(key: string, result: Promise<ExecutionResult>): Promise<string> {
    try {
      return this.#keep(key, this.#options.toText(await result));
    } catch (error) {
      // Whoever comes later tries again.
      this.#texts.delete(key);
      throw error;
    }
  }

  #keep(key: string, text: string): string {
    this.#texts.set(key, text);
    setTimeout(() => this.#texts.delete(key), KEEP_MS).unref();
    return text;
  }
}
