import { AppError } from '../kernel/app-error.js';
import type { Clock } from '../kernel/clock.js';
import { BackgroundWork } from '../kernel/background-work.js';

/** How many accounts of one corp may have a hint without ever having registered: a typing error adds one. */
export const UNREGISTERED_PER_CORP_MAX = 10_000;
const COUNT_LIFE_MS = 5_000;

interface Count {
  readonly counted: Promise<number>;
  readonly atMs: number;
  /** Hints that this process has let in since then. */
  added: number;
}

/**
 * Limits the hints that are kept for accounts that never registered. It does not count them for each hint: a count is
 * used for 5 s, so several processes may let in a little more together.
 */
export class UnregisteredRoom {
  readonly #counts = new Map<string, Count>();
  /** Writes of this process that a count may or may not see. */
  readonly #underWay = new BackgroundWork();

  /** @param count how many the store holds for the corp. */
  constructor(
    private readonly clock: Clock,
    private readonly count: (corpId: string) => Promise<number>,
  ) {}

  /** Writes one more by `write`. @throws AppError `OUTBOX_FULL`; or what the count or the write rejects with. */
  async fill<T>(corpId: string, write: () => Promise<T>): Promise<T> {
    await this.#take(corpId);
    return this.#underWay.add(write());
  }

  async #take(corpId: string): Promise<void> {
    for (;;) {
      const known = this.#recent(corpId) ?? this.#recount(corpId);
      const counted = await known.counted;
      if (counted >= UNREGISTERED_PER_CORP_MAX) throw new AppError('OUTBOX_FULL');
      if (counted + known.added < UNREGISTERED_PER_CORP_MAX) {
        known.added++;
        return;
      }
      // Some writes that were let in may have failed, so it counts again.
      this.#forget(corpId, known);
    }
  }

  #recent(corpId: string): Count | null {
    const known = this.#counts.get(corpId);
    return known !== undefined && this.clock.elapsedMs() - known.atMs < COUNT_LIFE_MS ? known : null;
  }

  #recount(corpId: string): Count {
    const counted = this.#underWay.whenOver().then(() => this.count(corpId));
    const count = { counted, atMs: this.clock.elapsedMs(), added: 0 };
    this.#counts.set(corpId, count);
    count.counted.catch(() => this.#forget(corpId, count));
    return count;
  }

  #forget(corpId: string, count: Count): void {
    if (this.#counts.get(corpId) === count) this.#counts.delete(corpId);
  }
}
