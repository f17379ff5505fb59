const SPACING_MS = 30_000;
const TIMES_MAX = 12;

/**
 * Some of the times at which something happened: the first, the last, and a few in between, the closer together the newer they are.
 * With the time of an answer that somebody else has seen they tell what came after it. A time before the last one is left out.
 */
export class SpacedTimes {
  readonly #times: number[] = [];
  #lastMs = 0;

  add(atMs: number): void {
    if (atMs < this.#lastMs) return;
    this.#lastMs = atMs;
    if (atMs - (this.#times.at(-1) ?? -SPACING_MS) < SPACING_MS) return;
    this.#times.push(atMs);
    if (this.#times.length > TIMES_MAX) this.#times.splice(leastOf(this.#times, atMs), 1);
  }

  /** Rising. */
  all(): readonly number[] {
    return this.#lastMs === (this.#times.at(-1) ?? 0) ? [...this.#times] : [...this.#times, this.#lastMs];
  }
}

/** The place of the time that is, for its age, nearest to those beside it. The first and the last stay. */
function leastOf(times: readonly number[], nowMs: number): number {
  const roomOf = (at: number): number => {
    const [before = 0, own = 0, after = 0] = times.slice(at - 1, at + 2);
    return (after - before) / (nowMs - own);
  };
  let least = 1;
  for (let at = 2; at < times.length - 1; at++) if (roomOf(at) < roomOf(least)) least = at;
  return least;
}
