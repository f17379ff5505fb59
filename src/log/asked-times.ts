/** The first and the last time since the last reply at which something asked for one. */
export class AskedTimes {
  #firstMs = 0;
  #lastMs = 0;

  /** @param repliedAtMs what came until then is answered. */
  add(atMs: number, repliedAtMs: number): void {
    if (atMs <= repliedAtMs) return;
    // Without a list: every delivery passes here.
    const beforeMs = this.firstAfter(repliedAtMs);
    this.#firstMs = beforeMs === 0 ? atMs : Math.min(beforeMs, atMs);
    this.#lastMs = Math.max(this.#lastMs, atMs);
  }

  /** Where a reply is heard of late, only the last of the times between it and now is known. @returns 0 for none. */
  firstAfter(repliedAtMs: number): number {
    if (this.#firstMs > repliedAtMs) return this.#firstMs;
    return this.#lastMs > repliedAtMs ? this.#lastMs : 0;
  }

  /** @returns the first and the last. */
  list(repliedAtMs: number): readonly number[] {
    const firstMs = this.firstAfter(repliedAtMs);
    if (firstMs === 0) return [];
    return firstMs === this.#lastMs ? [firstMs] : [firstMs, this.#lastMs];
  }
}
