const SPACING_MS = 30_000;
const TIMES_MAX = 12;

/**
 * Some of the times at which something asked for an answer: the first since the last answer, the last, and a few in between, the
 * closer together the newer they are. With the time of an answer that somebody else has seen they tell what came after it.
 */
export class SpacedTimes {
  /** Rising. */
  #times: number[] = [];

  /** @param answeredMs of the last answer. What came until then is forgotten, so that what comes next is the first. */
  add(atMs: number, answeredMs: number): void {
    if ((this.#times[0] ?? Infinity) <= answeredMs) this.#times = this.#times.filter((ms) => ms > answeredMs);
    const [firstMs = Infinity] = this.#times;
    const [beforeMs = -Infinity, lastMs = -Infinity] = this.#times.slice(-2);
    if (atMs <= answeredMs) return;
    if (atMs < firstMs) this.#times.unshift(atMs);
    else if (atMs >= lastMs) {
      const isClose = this.#times.length > 1 && lastMs - beforeMs < SPACING_MS;
      this.#times.splice(isClose ? -1 : this.#times.length, 1, atMs);
    }
    if (this.#times.length > TIMES_MAX + 1) this.#times.splice(leastOf(this.#times, atMs), 1);
  }

  /** Rising. */
  all(): readonly number[] {
    return [...this.#times];
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
