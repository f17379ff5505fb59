import { RateLimiterMemory } from 'rate-limiter-flexible';

/**
 * After 2,000 failed gettoken calls within an hour, WeCom blocks the address for an hour (its staff,
 * developers.weixin.qq.com/community/enterprisewechat/doc/0000c80533033826589c94f6356400). All corps of the manager share the
 * address. With these limits, six processes behind one address stay below 2,000.
 */
const WINDOW_S = 3_600;
const PER_CALLER = 60;
const PER_PROCESS = 300;
/** The most failures of the process by callers that have failed before. The rest is for callers without a failure in the hour. */
const PER_PROCESS_AFTER_A_FAILURE = 240;
/** The only name in the scope of the process. */
const ALL = '';

/** The permission to ask once. Call `end` with the result. */
interface Permit {
  end(hasFailed: boolean): Promise<void>;
}

/**
 * Limits failed gettoken calls, for each caller and for the process, since callers can make up any number of secrets. There is
 * no limit for a corp, because a caller can name any corp. Only WeCom's refusals count. A running call holds a place until its
 * result is known.
 */
export class FailureBudget {
  readonly #callers = new Scope(PER_CALLER);
  readonly #process = new Scope(PER_PROCESS);

  /**
   * Waits for a running call when that call may take the last place.
   * @param isLate whether to stop waiting; called after each wait.
   * @returns the permission; the seconds to wait, when the budget is spent; `null` when `isLate` returned true.
   */
  async admit(caller: string, isLate: () => boolean): Promise<Permit | number | null> {
    for (;;) {
      const [own, all] = await Promise.all([this.#callers.spent(caller), this.#process.spent(ALL)]);
      const max = own.failed === 0 ? PER_PROCESS : PER_PROCESS_AFTER_A_FAILURE;
      const waitS = Math.max(own.failed < PER_CALLER ? 0 : own.leftS, all.failed < max ? 0 : all.leftS);
      if (waitS > 0) return waitS;
      const ending = this.#whatMustEndFirst(caller, own.failed, all.failed);
      if (ending === null) break;
      await ending;
      if (isLate()) return null;
    }
    this.#callers.begin(caller);
    this.#process.begin(ALL);
    return {
      end: async (hasFailed) => {
        await Promise.all([this.#callers.end(caller, hasFailed), this.#process.end(ALL, hasFailed)]);
      },
    };
  }

  /** Resolves when the running call that may take the last place has ended. `null` when there are enough places. */
  #whatMustEndFirst(caller: string, ownFailed: number, allFailed: number): Promise<void> | null {
    if (this.#callers.mayRunOut(caller, ownFailed, PER_CALLER)) return this.#callers.nextEnd(caller);
    if (!this.#process.mayRunOut(ALL, allFailed, PER_PROCESS_AFTER_A_FAILURE)) return null;
    if (ownFailed > 0) return this.#process.nextEnd(ALL);
    // Only the places for a first failure are left. Each caller may use one of them at a time.
    if (this.#callers.isUnderWay(caller)) return this.#callers.nextEnd(caller);
    return this.#process.mayRunOut(ALL, allFailed, PER_PROCESS) ? this.#process.nextEnd(ALL) : null;
  }
}

const NONE = { consumedPoints: 0, msBeforeNext: 0 };

interface UnderWay {
  count: number;
  readonly waiting: (() => void)[];
}

/** Failures of the last hour and running calls, by name. A name is forgotten with its last failure and running call. */
class Scope {
  readonly #limiter: RateLimiterMemory;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(max: number) {
    this.#limiter = new RateLimiterMemory({ points: max, duration: WINDOW_S });
  }

  /** How many calls failed within the hour, and the seconds until these failures are forgotten. */
  async spent(name: string): Promise<{ readonly failed: number; readonly leftS: number }> {
    const { consumedPoints: failed, msBeforeNext } = (await this.#limiter.get(name)) ?? NONE;
    if (msBeforeNext <= 0) return { failed: 0, leftS: 0 };
    return { failed, leftS: Math.ceil(msBeforeNext / 1_000) };
  }

  isUnderWay(name: string): boolean {
    return this.#underWay.has(name);
  }

  /** Whether the running calls could take all places up to `max`. */
  mayRunOut(name: string, failed: number, max: number): boolean {
    const underWay = this.#underWay.get(name)?.count ?? 0;
    return underWay > 0 && failed + underWay >= max;
  }

  nextEnd(name: string): Promise<void> {
    return new Promise((resolve) => void this.#underWay.get(name)?.waiting.push(resolve));
  }

  begin(name: string): void {
    const underWay = this.#underWay.get(name) ?? { count: 0, waiting: [] };
    underWay.count++;
    this.#underWay.set(name, underWay);
  }

  async end(name: string, hasFailed: boolean): Promise<void> {
    // The failure is counted before its place is freed. Otherwise a reader could see too low a count in between.
    if (hasFailed) await this.#limiter.penalty(name, 1);
    const underWay = this.#underWay.get(name);
    if (underWay === undefined) return;
    underWay.count--;
    if (underWay.count === 0) this.#underWay.delete(name);
    for (const resolve of underWay.waiting.splice(0)) resolve();
  }
}
