/**
 * Decides whose call goes to WeCom next: first a call that spends a code. The callers of a corp share its places by turns, so
 * that slow calls of one caller never block another one. This file counts and orders; it opens no connection.
 */
import { AppError } from '../../kernel/app-error.js';
import { type CallLine, LINES } from '../client/own-calls.js';
import type { Clock } from '../../kernel/clock.js';
import type { CallerAnswer } from './caller-answer.js';
import { CallerGone } from './proxy-body.js';

/** Calls of one corp that may be under way at once. */
export const PLACES = 64;
/** Any caller may take these places. The rest is for callers with fewer than `OWN_PLACES` calls under way. */
const SHARED_PLACES = 48;
const OWN_PLACES = 4;
/** Calls of one caller, under way and waiting. */
const CALLS_MAX = 512;
const WAIT_MS = 30_000;
const RETRY_AFTER_S = 1;

interface PlaceCaller {
  /** `null` when unknown. All calls of unknown corps share their places. */
  readonly corpId: string | null;
  /** `null` for all callers that are no bot: together they count as one caller. */
  readonly botId: string | null;
}

interface CallerCalls {
  calls: number;
  underWay: number;
  /** One function for each waiting call, oldest first. It runs when it is the call's turn. */
  readonly waiting: Readonly<Record<CallLine, Set<() => void>>>;
}

interface CorpCalls {
  underWay: number;
  /** In the order of turns: a caller whose waiting call was given a place moves to the end. */
  readonly callers: Map<string | null, CallerCalls>;
}

export class CallPlaces {
  readonly #corps = new Map<string | null, CorpCalls>();

  constructor(private readonly clock: Clock) {}

  /** Registers a call. Call `leave` in the end, also after an error. @throws AppError `PROXY_OVERLOADED` */
  enter({ corpId, botId }: PlaceCaller): EnteredCall {
    const corp = this.#corps.get(corpId) ?? { underWay: 0, callers: new Map() };
    const caller = corp.callers.get(botId) ?? newCaller();
    if (caller.calls >= CALLS_MAX) throw new AppError('PROXY_OVERLOADED', { retryAfterS: RETRY_AFTER_S });
    this.#corps.set(corpId, corp);
    corp.callers.set(botId, caller);
    caller.calls++;
    let hasPlace = false;
    return {
      takePlace: async (answer, line) => {
        if (mayTake(corp, caller)) begin(corp, caller);
        else await this.#wait(caller.waiting[line], answer);
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
  #wait(waiting: Set<() => void>, answer: CallerAnswer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (error: Error): void => {
      waiting.delete(resolve);
      reject(error);
    };
    const timer = this.clock.after(WAIT_MS, () =>
      giveUp(new AppError('PROXY_OVERLOADED', { retryAfterS: RETRY_AFTER_S })),
    );
    waiting.add(resolve);
    answer.whenOver(() => giveUp(new CallerGone(false)));
    return promise.finally(() => timer.cancel());
  }
}

export interface EnteredCall {
  /** Resolves when it is the call's turn, within 30 s. @throws AppError `PROXY_OVERLOADED`, CallerGone */
  takePlace(answer: CallerAnswer, line: CallLine): Promise<void>;
  leave(): void;
}

function newCaller(): CallerCalls {
  return { calls: 0, underWay: 0, waiting: { codes: new Set(), others: new Set() } };
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
  for (const line of LINES) {
    for (const [botId, caller] of corp.callers) {
      const [run] = caller.waiting[line];
      if (run === undefined || !mayTake(corp, caller)) continue;
      caller.waiting[line].delete(run);
      begin(corp, caller);
      corp.callers.delete(botId);
      corp.callers.set(botId, caller);
      run();
    }
  }
}
