// Runs a tick again and again: after the pause that the tick asks for, or at once when somebody knows better.

export interface LoopOptions {
  /** One pass. @returns milliseconds until the next one is wanted. */
  tick: () => Promise<number>;
  /** Told about a pass that failed; the loop goes on after `retryMs`. */
  onError: (error: unknown) => void;
  retryMs: number;
}

/** One pass at a time; a wake-up during a pass makes another one follow. */
export class Loop {
  readonly #options: LoopOptions;
  #running: Promise<void> | undefined;
  #stopped = false;
  #again = false;
  #wake: (() => void) | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Asks for a pass now. */
  poke(): void {
    this.#again = true;
    this.#wake?.();
  }

  /** Resolves when the pass that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#again = false;
      let pauseMs = this.#options.retryMs;
      try {
        pauseMs = await this.#options.tick();
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#again || this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
