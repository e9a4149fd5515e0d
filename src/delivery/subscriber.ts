// Sends one subscriber what it watches: the shared answers in their order, no faster than they are taken.
import type { Watch } from '../tracking/watch.ts';
import type { WatchEvent } from '../tracking/watch-event.ts';
import type { SharedExecution } from './shared-execution.ts';

/** Where the answers to one subscriber go: the way of one transport. */
export interface Sink {
  /** Whether more would only wait in our memory: nobody reads what was sent. */
  readonly isFull: boolean;
  /** @param act called once when it is not full any more; never when there is nobody left */
  onceDrained: (act: () => void) => void;
  /** @param answer as JSON */
  send: (answer: string) => void;
}

export interface SubscriberOptions {
  watch: Watch<WatchEvent>;
  shared: SharedExecution;
  sink: Sink;
}

/** Yields nothing, for the answers go to the sink: begins when it is first asked, and is done when all is sent. */
export class Subscriber implements AsyncIterableIterator<never> {
  readonly #options: SubscriberOptions;
  readonly #end = Promise.withResolvers<IteratorResult<never>>();
  #isBusy = false;
  #hasEnded = false;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /** Resolves when all is sent, or nobody wants more; rejects when an answer cannot be made. */
  get ended(): Promise<IteratorResult<never>> {
    return this.#end.promise;
  }

  next(): Promise<IteratorResult<never>> {
    this.#options.watch.listen(() => this.#send());
    return this.ended;
  }

  return(): Promise<IteratorResult<never>> {
    this.#finish();
    return this.ended;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #send(): void {
    const { watch, sink } = this.#options;
    while (!this.#isBusy && !this.#hasEnded) {
      if (sink.isFull) return this.#wait();
      const event = watch.take();
      if (event === undefined) {
        if (watch.hasEnded) this.#finish();
        return;
      }
      this.#answer(event);
    }
  }

  #answer(event: WatchEvent): void {
    const { watch, shared, sink } = this.#options;
    try {
      const answer = shared.toText(event, watch.viewer);
      if (typeof answer === 'string') return sink.send(answer);
      this.#isBusy = true;
      answer.then(
        (text) => {
          if (!this.#hasEnded) sink.send(text);
          this.#resume();
        },
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #wait(): void {
    const { watch, sink } = this.#options;
    this.#isBusy = true;
    // What the other side reads at once is drained before: a burst is no reason to leave anything out.
    const slow = setImmediate(() => watch.keepNewest());
    sink.onceDrained(() => {
      clearImmediate(slow);
      this.#resume();
    });
  }

  #resume(): void {
    this.#isBusy = false;
    this.#send();
  }

  #fail(error: unknown): void {
    this.#end.reject(error);
    this.#finish();
  }

  #finish(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.watch.stop();
    this.#options.shared.release();
    this.#end.resolve({ value: undefined, done: true });
  }
}
