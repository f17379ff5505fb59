import { RateLimiterMemory } from 'rate-limiter-flexible';

/**
 * WeCom blocks for an hour whoever calls gettoken wrongly 2,000 times in one (its staff,
 * developers.weixin.qq.com/community/enterprisewechat/doc/0000c80533033826589c94f6356400), and the address
 * with it, which all corps here share: so six processes behind one address stay below.
 */
const WINDOW_S = 3_600;
const PER_CALLER = 60;
const PER_CORP = 60;
const PER_PROCESS = 300;

/** Permission to ask once; `end` must be called with what came of it. */
export interface Admission {
  end(hasFailed: boolean): Promise<void>;
}

/**
 * How many gettoken calls may still fail: per caller, per corp and for the process, since a caller can make up
 * new secrets without end. Only what WeCom refused counts; a call under way holds a place until it is known.
 */
export class FailureBudget {
  readonly #callers = new Scope(PER_CALLER);
  readonly #corps = new Scope(PER_CORP);
  readonly #process = new Scope(PER_PROCESS);

  /**
   * Waits for a call under way where the last places hang on it.
   * @param isLate looked at whenever such a call has ended.
   * @returns the seconds until calls may fail again, where none may now; `null` when it is too late.
   */
  async admit(caller: string, corpId: string, isLate: () => boolean): Promise<Admission | number | null> {
    const parts = [
      { scope: this.#callers, name: caller },
      { scope: this.#corps, name: corpId },
      { scope: this.#process, name: '' },
    ];
    for (;;) {
      const found = await Promise.all(
        parts.map(async (part) => ({ ...part, spent: await part.scope.spent(part.name) })),
      );
      const waitS = Math.max(...found.map(({ spent }) => spent.waitS));
      if (waitS > 0) return waitS;
      const busy = found.find(({ scope, name, spent }) => scope.mayRunOut(name, spent.failed));
      if (busy === undefined) break;
      await busy.scope.nextEnd(busy.name);
      if (isLate()) return null;
    }
    for (const { scope, name } of parts) scope.begin(name);
    return {
      end: async (hasFailed) => {
        await Promise.all(parts.map(({ scope, name }) => scope.end(name, hasFailed)));
      },
    };
  }
}

const NONE = { consumedPoints: 0, msBeforeNext: 0 };

interface UnderWay {
  count: number;
  readonly waiting: (() => void)[];
}

/** The failures of an hour, by name, and the calls that may become one. Failures bound how many names there are. */
class Scope {
  readonly #limiter: RateLimiterMemory;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(private readonly max: number) {
    this.#limiter = new RateLimiterMemory({ points: max, duration: WINDOW_S });
  }

  /** How many have failed, and the seconds until there is a place again; 0 while there is one. */
  async spent(name: string): Promise<{ readonly failed: number; readonly waitS: number }> {
    const { consumedPoints: failed, msBeforeNext } = (await this.#limiter.get(name)) ?? NONE;
    if (msBeforeNext <= 0) return { failed: 0, waitS: 0 };
    return { failed, waitS: failed >= this.max ? Math.ceil(msBeforeNext / 1_000) : 0 };
  }

  /** Whether the calls under way could take all places that are left. */
  mayRunOut(name: string, failed: number): boolean {
    const underWay = this.#underWay.get(name)?.count ?? 0;
    return underWay > 0 && failed + underWay >= this.max;
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
    // Counted before its place is free, so that nobody sees less than there is.
    if (hasFailed) await this.#limiter.penalty(name, 1);
    const underWay = this.#underWay.get(name);
    if (underWay === undefined) return;
    underWay.count--;
    if (underWay.count === 0) this.#underWay.delete(name);
    for (const resolve of underWay.waiting.splice(0)) resolve();
  }
}
