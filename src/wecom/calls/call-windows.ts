/** At most `max` calls in each window of `windowMs`. */
export interface CallLimit {
  /** Tells limits with the same keys apart. It must have no space; keys may have spaces. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

/** This process's knowledge of one key in a window. */
export interface CallShare {
  /** Calls that this process has taken from the shared count and not used yet. */
  left: number;
  /** The shared count has nothing left. */
  isSpent: boolean;
  /** Resolves when more was taken; `null` when nothing is being taken. */
  taking: Promise<void> | null;
}

/** One window of one limit, the same in all processes. */
export class CallWindow {
  readonly endMs: number;
  readonly #shares = new Map<string, CallShare>();

  constructor(
    /** Store time, epoch milliseconds, as is `endMs`. */
    readonly startMs: number,
    windowMs: number,
  ) {
    this.endMs = startMs + windowMs;
  }

  get size(): number {
    return this.#shares.size;
  }

  shareOf(key: string): CallShare {
    const known = this.#shares.get(key);
    if (known !== undefined) return known;
    const share: CallShare = { left: 0, isSpent: false, taking: null };
    this.#shares.set(key, share);
    return share;
  }
}

/** The current window of each limit. When a new window of any limit begins, windows that are over are forgotten. */
export class CallWindows {
  /** By the name of their limit. */
  readonly #windows = new Map<string, CallWindow>();

  /** How many keys are remembered, over all limits. */
  get size(): number {
    return this.#windows.values().reduce((sum, { size }) => sum + size, 0);
  }

  at(nowMs: number, { name, windowMs }: CallLimit): CallWindow {
    const startMs = Math.floor(nowMs / windowMs) * windowMs;
    const known = this.#windows.get(name);
    if (known?.startMs === startMs) return known;
    this.#dropOver(nowMs);
    const window = new CallWindow(startMs, windowMs);
    this.#windows.set(name, window);
    return window;
  }

  #dropOver(nowMs: number): void {
    for (const [name, { endMs }] of this.#windows) {
      if (endMs <= nowMs) this.#windows.delete(name);
    }
  }
}
