/**
 * Who may call WeCom now: the places of a corp, shared by turns of its callers, so that one caller's slow calls never take the
 * last place of another. It counts and orders; connections are the pool's.
 */
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { CallerAnswer } from './caller-answer.js';
import { CallerGone } from './proxy-body.js';

/** Calls of one corp that may be under way at once. */
export const PLACES = 64;
/** So many go to any caller; those that are left only to a caller that has fewer than `OWN_PLACES`. */
const SHARED_PLACES = 48;
const OWN_PLACES = 4;
/** Calls of one caller that are under way or wait. */
const CALLS_MAX = 512;
const WAIT_MS = 30_000;
const RETRY_AFTER_S = 1;

export interface PlaceCaller {
  /** `null` where it is unknown: such calls share their places. */
  readonly corpId: string | null;
  /** `null` for all who are no bot, together. */
  readonly botId: string | null;
}

interface CallerCalls {
  calls: number;
  underWay: number;
  /** What runs when it is a call's turn, the oldest first. */
  readonly waiting: Set<() => void>;
}

interface CorpCalls {
  underWay: number;
  /** In the order of turns: whoever was given a place goes to the end. */
  readonly callers: Map<string | null, CallerCalls>;
}

export class CallPlaces {
  readonly #corps = new Map<string | null, CorpCalls>();

  constructor(private readonly clock: Clock) {}

  /** To be left again, with whatever came of it. @throws AppError `PROXY_OVERLOADED` */
  enter({ corpId, botId }: PlaceCaller): EnteredCall {
    const corp = this.#corps.get(corpId) ?? { underWay: 0, callers: new Map() };
    const caller = corp.callers.get(botId) ?? { calls: 0, underWay: 0, waiting: new Set() };
    if (caller.calls >= CALLS_MAX) throw new AppError('PROXY_OVERLOADED', { retryAfterS: RETRY_AFTER_S });
    this.#corps.set(corpId, corp);
    corp.callers.set(botId, caller);
    caller.calls++;
    let hasPlace = false;
    return {
      takePlace: async (answer) => {
        if (mayTake(corp, caller)) begin(corp, caller);
        else await this.#wait(caller, answer);
        hasPlace = true;
      },
      leave: () => {
        caller.calls--;
        if (hasPlace) {
          caller.underWay--;
          corp.underWay--;
        }
        if (caller.calls === 0) corp.callers.delete(botId);
        if (corp.callers.size === 0) this.#corps.delete(corpId);
        giveNext(corp);
      },
    };
  }

  /** @throws AppError `PROXY_OVERLOADED`, CallerGone */
  #wait({ waiting }: CallerCalls, answer: CallerAnswer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (error: Error): void => {
      waiting.delete(resolve);
      reject(error);
    };
    const timer = this.clock.after(WAIT_MS, () =>
      giveUp(new AppError('PROXY_OVERLOADED', { retryAfterS: RETRY_AFTER_S })),
    );
    waiting.add(resolve);
    answer.whenOver(() => giveUp(new CallerGone('the caller hung up')));
    return promise.finally(() => timer.cancel());
  }
}

export interface EnteredCall {
  /** Waits for its turn, for 30 s. @throws AppError `PROXY_OVERLOADED`, CallerGone */
  takePlace(answer: CallerAnswer): Promise<void>;
  leave(): void;
}

function mayTake(corp: CorpCalls, caller: CallerCalls): boolean {
  if (corp.underWay < SHARED_PLACES) return true;
  return caller.underWay < OWN_PLACES && corp.underWay < PLACES;
}

function begin(corp: CorpCalls, caller: CallerCalls): void {
  caller.underWay++;
  corp.underWay++;
}

function giveNext(corp: CorpCalls): void {
  for (const [botId, caller] of corp.callers) {
    const [run] = caller.waiting;
    if (run === undefined || !mayTake(corp, caller)) continue;
    caller.waiting.delete(run);
    begin(corp, caller);
    corp.callers.delete(botId);
    corp.callers.set(botId, caller);
    run();
  }
}
