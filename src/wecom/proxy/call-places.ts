/** Shares out the calls that a corp may have under way: its callers take turns, so that slow calls of one never block another. */
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import { Places } from '../../kernel/places.js';
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

export class CallPlaces {
  readonly #places = new Places();
  /** By corp and caller: the calls that were let in, those whose body has yet to come among them. */
  readonly #calls = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Counts a call. @returns a function for its end. @throws AppError `PROXY_OVERLOADED` */
  enter({ corpId, botId }: PlaceCaller): () => void {
    const caller = JSON.stringify([corpId, botId]);
    const calls = this.#calls.get(caller) ?? 0;
    if (calls >= CALLS_MAX) throw overloaded();
    this.#calls.set(caller, calls + 1);
    return () => {
      const left = (this.#calls.get(caller) ?? 0) - 1;
      if (left > 0) this.#calls.set(caller, left);
      else this.#calls.delete(caller);
    };
  }

  /**
   * Resolves when it is the call's turn, within 30 s.
   * @param isUrgent goes before the calls of all callers that are not.
   * @returns a function that gives the place back. @throws AppError `PROXY_OVERLOADED`, CallerGone
   */
  async take({ corpId, botId }: PlaceCaller, answer: CallerAnswer, isUrgent: boolean): Promise<() => void> {
    const [corp, party] = [corpId ?? '', botId ?? ''];
    if (!this.#places.areTaken(corp, placesFor, party)) return this.#places.take(corp, placesFor, { party });
    const wait = new AbortController();
    const timer = this.clock.after(WAIT_MS, () => wait.abort(overloaded()));
    answer.whenOver(() => wait.abort(new CallerGone(false)));
    return this.#places
      .take(corp, placesFor, { party, isUrgent, signal: wait.signal })
      .finally(() => timer.cancel());
  }
}

function placesFor(own: number): number {
  return own < OWN_PLACES ? PLACES : SHARED_PLACES;
}

function overloaded(): AppError {
  return new AppError('PROXY_OVERLOADED', { retryAfterS: RETRY_AFTER_S });
}
