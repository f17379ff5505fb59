const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** How often something happened in each of the last hours; what happened is noted in any order. */
export class HourCounts {
  readonly #byHour: number[];
  /** The last one that has a count, counted from the epoch. */
  #hour = 0;

  constructor(private readonly hours = DAY_HOURS) {
    this.#byHour = new Array<number>(hours).fill(0);
  }

  add(atMs: number, count = 1): void {
    const hour = Math.floor(atMs / HOUR_MS);
    if (hour <= this.#hour - this.hours) return;
    for (let next = Math.max(this.#hour + 1, hour - this.hours + 1); next <= hour; next++)
      this.#byHour[next % this.hours] = 0;
    this.#hour = Math.max(this.#hour, hour);
    this.#byHour[hour % this.hours] = (this.#byHour[hour % this.hours] ?? 0) + count;
  }

  /** The oldest first; the last one is under way. A clock that is ahead has counted in this hour what it has in its own. */
  list(nowMs: number): number[] {
    const end = Math.max(Math.floor(nowMs / HOUR_MS), this.#hour);
    return Array.from({ length: this.hours }, (_, n) => {
      const hour = end - this.hours + 1 + n;
      const isKept = hour <= this.#hour && hour > this.#hour - this.hours;
      return isKept ? (this.#byHour[hour % this.hours] ?? 0) : 0;
    });
  }
}
