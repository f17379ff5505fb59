const HOUR_MS = 3_600_000;
const HOURS = 24;

/** Plain JSON. */
export interface CountedHours {
  /** The last one, counted from the epoch. */
  readonly hour: number;
  /** The oldest first, up to it; those before the first one had none. */
  readonly counts: readonly number[];
}

/** How often something happened in each of the last hours. */
export class HourCounts {
  readonly #byHour: number[];
  /** The last one that has a count. */
  #hour = 0;

  constructor(private readonly hours = HOURS) {
    this.#byHour = new Array<number>(hours).fill(0);
  }

  add(nowMs: number): void {
    const hour = Math.max(hourOf(nowMs), this.#hour);
    for (let next = Math.max(this.#hour + 1, hour - this.hours + 1); next <= hour; next++)
      this.#byHour[next % this.hours] = 0;
    this.#hour = hour;
    this.#byHour[hour % this.hours] = (this.#byHour[hour % this.hours] ?? 0) + 1;
  }

  toJSON(): CountedHours {
    const counts = Array.from(
      { length: this.hours },
      (_, n) => this.#byHour[(this.#hour + 1 + n) % this.hours] ?? 0,
    );
    const first = counts.findIndex((count) => count > 0);
    return { hour: this.#hour, counts: first === -1 ? [] : counts.slice(first) };
  }
}

/** Of several processes, the oldest first; the last one is under way. */
export function hoursOf(all: readonly CountedHours[], nowMs: number, hours = HOURS): number[] {
  const now = hourOf(nowMs);
  const sum = new Array<number>(hours).fill(0);
  for (const { hour, counts } of all) {
    // A clock that is ahead has counted in this hour what it has in its own.
    const end = hours - 1 - Math.max(0, now - hour);
    for (const [n, count] of counts.entries()) {
      const at = end - (counts.length - 1 - n);
      if (at >= 0) sum[at] = (sum[at] ?? 0) + count;
    }
  }
  return sum;
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}
