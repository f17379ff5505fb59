interface Limit {
  /** That many within the window are let through; the last of them begins the block. */
  readonly calls: number;
  readonly windowMs: number;
  readonly blockMs: number;
}

/** Counts calls of a kind by caller, and blocks the caller for a while when there were too many. */
export class CallLimit {
  readonly #callers = new Map<string, { atMs: number[]; blockedUntilMs: number }>();

  constructor(private readonly limit: Limit) {}

  isBlocked(caller: string, nowMs: number): boolean {
    return (this.#callers.get(caller)?.blockedUntilMs ?? 0) > nowMs;
  }

  count(caller: string, nowMs: number): void {
    const { calls, windowMs, blockMs } = this.limit;
    const known = this.#callers.get(caller) ?? { atMs: [], blockedUntilMs: 0 };
    this.#callers.set(caller, known);
    known.atMs = [...known.atMs.filter((atMs) => nowMs - atMs < windowMs), nowMs];
    if (known.atMs.length < calls) return;
    known.blockedUntilMs = nowMs + blockMs;
    known.atMs = [];
  }
}
