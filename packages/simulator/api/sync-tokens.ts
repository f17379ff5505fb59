/** The Token of each kf_msg_or_event, which makes sync_msg free of its strict limit (94670). */
import { randomText } from '../random-text.js';
import { Refused } from './answers.js';
import { CallLimit } from './call-limit.js';

const TOKEN_LIFE_MS = 10 * 60_000;
/** Missing or wrong ten times in a minute: no sync_msg for a minute (Tencent's staff, 2021-10-19). */
const WITHOUT_TOKEN = { calls: 10, windowMs: 60_000, blockMs: 60_000 };

const CORP = 'corp';

export class SyncTokens {
  /** Until when each is good, epoch milliseconds; by account and token. */
  readonly #tokens = new Map<string, number>();
  readonly #limit = new CallLimit(WITHOUT_TOKEN);

  give(openKfId: string, nowMs: number): string {
    // The oldest come first.
    for (const [key, untilMs] of this.#tokens) {
      if (untilMs > nowMs) break;
      this.#tokens.delete(key);
    }
    const token = `ENC${randomText(44)}`;
    this.#tokens.set(`${openKfId}\n${token}`, nowMs + TOKEN_LIFE_MS);
    return token;
  }

  /**
   * A good token passes always. Calls without one count for the whole corp: what WeCom counts them by is not said,
   * and a client that keeps to this keeps to all of it.
   * @throws Refused when there were too many without one.
   */
  admit(openKfId: string, token: string, nowMs: number): void {
    if ((this.#tokens.get(`${openKfId}\n${token}`) ?? 0) > nowMs) return;
    if (this.#limit.isBlocked(CORP, nowMs)) throw new Refused(45009);
    this.#limit.count(CORP, nowMs);
  }
}
