import { AppError } from '../../kernel/app-error.js';
import type { Lifecycle } from '../../kernel/lifecycle.js';

/** How many are replayed at once: enough for the store to commit together, few enough to leave it time for others. */
const AT_ONCE = 32;

/** Makes all dead hints, or all dead messages, that an operator means wait again. Only one run at a time. */
export class ReplayOfAll<T> {
  #isUnderWay = false;

  /** @param whenUnderWay the error of a second run. */
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly whenUnderWay: 'HINTS_REPLAY_UNDER_WAY' | 'MESSAGES_REPLAY_UNDER_WAY',
  ) {}

  /**
   * Ends early when the process does.
   * @param replay resolves to false for one that stays dead.
   * @param tell is told how many wait again and how many stay dead, also where something failed.
   * @returns how many wait again.
   */
  async run(
    pages: AsyncIterable<readonly T[]>,
    replay: (one: T) => Promise<boolean>,
    tell: (replayed: number, left: number) => void,
  ): Promise<number> {
    if (this.#isUnderWay) throw new AppError(this.whenUnderWay);
    this.#isUnderWay = true;
    let [replayed, left] = [0, 0];
    try {
      for await (const page of pages) {
        if (this.lifecycle.isDraining) break;
        for (let at = 0; at < page.length; at += AT_ONCE) {
          const outcomes = await Promise.all(page.slice(at, at + AT_ONCE).map(replay));
          const count = outcomes.filter((isReplayed) => isReplayed).length;
          replayed += count;
          left += outcomes.length - count;
        }
      }
    } finally {
      this.#isUnderWay = false;
      tell(replayed, left);
    }
    return replayed;
  }
}
