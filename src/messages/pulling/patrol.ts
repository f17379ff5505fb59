import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { RESYNCS_OF_PATROL, RESYNC_WINDOW_MS } from '../../dispatch/later/resync-budget.js';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { EventlessPulls } from './eventless-pulls.js';
import { PATROL_TIMES } from './patrol-times.js';
import { PatrolTurns } from './patrol-turns.js';
import { UntoldMessages } from './untold-messages.js';
import { WatchedAccounts } from './watched-accounts.js';

/** Of all corps in one round, or a few more: five a second, so that very many accounts take little of the process. */
const LOOKS_PER_ROUND = 50;
/** Of a corp in one round; those without a sync token are far fewer. */
const LOOKS_OF_CORP = 10;
const CORPS_AT_ONCE = 4;
const AT_ONCE = 1_000;

/**
 * Pulls accounts for which no event came for a while, since WeCom does not promise its callbacks: by turns, those with customers of
 * late first, and as often as a corp may be pulled without an event. Each replica does so; an account that another one has pulled
 * meanwhile is left alone.
 */
@Injectable()
export class Patrol implements OnApplicationShutdown {
  /** By corp. */
  readonly #turns = new Map<string, PatrolTurns>();
  /** Until when corps may not be pulled without a sync token, store time. */
  readonly #limitedUntilMs = new Map<string, number>();
  /** Of the accounts that are known; -Infinity before the first look for them. */
  #foundAtMs = -Infinity;
  /** Where the next round begins among the corps. */
  #nextCorp = 0;
  /** Of the next round; `null` before the start. */
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly pulls: EventlessPulls,
    private readonly watched: WatchedAccounts,
    private readonly untold: UntoldMessages,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Call it once the registry is loaded; later calls do nothing. */
  start(): void {
    if (this.#timer === null) this.#plan();
  }

  onApplicationShutdown(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #plan(): void {
    if (!this.#isStopped) this.#timer = this.clock.after(PATROL_TIMES.roundMs, () => void this.#round());
  }

  /** An event had its account pulled. */
  pulled(account: Addressee): void {
    const nowMs = this.storeClock.nowMs();
    this.#turns.get(account.corpId)?.pulled(accountKey(account), nowMs, true, nowMs);
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    try {
      if (this.clock.elapsedMs() - this.#foundAtMs >= PATROL_TIMES.lateQuietMs) await this.#findAccounts();
      const corpIds = [...this.#turns.keys()];
      const from = corpIds.length === 0 ? 0 : this.#nextCorp % corpIds.length;
      const inTurn = [...corpIds.slice(from), ...corpIds.slice(0, from)].values();
      let left = LOOKS_PER_ROUND;
      const lookAtNext = async (): Promise<void> => {
        for (const corpId of inTurn) {
          if (left <= 0 || this.#isStopped) return;
          this.#nextCorp++;
          for (let n = 0; n < LOOKS_OF_CORP && left > 0 && (await this.#lookAtOne(corpId)); n++) left--;
        }
      };
      await Promise.all(Array.from({ length: CORPS_AT_ONCE }, lookAtNext));
    } catch (err) {
      this.log.debug({ err }, 'message.patrol_failed');
    }
    this.#plan();
  }

  async #findAccounts(): Promise<void> {
    this.#foundAtMs = this.clock.elapsedMs();
    const found = await this.watched.find();
    for (const corpId of this.#turns.keys()) if (!found.has(corpId)) this.#turns.delete(corpId);
    let left = AT_ONCE;
    for (const [corpId, watched] of found) {
      left -= watched.length;
      if (left <= 0) {
        left = AT_ONCE;
        // Others have their turn: there may be a hundred thousand.
        await nextTurn();
      }
      const turns = this.#turns.get(corpId) ?? new PatrolTurns();
      turns.setAll(watched, this.storeClock.nowMs());
      this.#turns.set(corpId, turns);
    }
  }

  /** @returns whether the corp may have another account to look at. @throws AppError `STORE_UNAVAILABLE` */
  async #lookAtOne(corpId: string): Promise<boolean> {
    const turns = this.#turns.get(corpId);
    const nowMs = this.storeClock.nowMs();
    const isLimited = (this.#limitedUntilMs.get(corpId) ?? 0) > nowMs;
    const next = turns?.next(nowMs, (account) => this.pulls.hasToken(account), isLimited);
    if (turns === undefined || next == null) return false;
    const looked = await this.pulls.look(next, next.botId, nowMs - next.quietMs);
    if ('retryAtMs' in looked) {
      this.#limitedUntilMs.set(corpId, looked.retryAtMs);
      return true;
    }
    const endedAtMs = this.storeClock.nowMs();
    const key = accountKey(next);
    if ('found' in looked) {
      if (!looked.result.taken) this.watched.lookFailed(next);
      const hasCustomer = looked.found.customers > 0;
      turns.pulled(key, endedAtMs, hasCustomer, endedAtMs);
      const { found } = looked;
      if (hasCustomer)
        await this.untold.judgeLater({ ...next, found, beganAtMs: nowMs, lateMs: this.#lateMsOf(turns) });
    } else {
      const pulledAtMs = 'pulledAtMs' in looked ? looked.pulledAtMs : endedAtMs;
      turns.pulled(key, pulledAtMs, false, endedAtMs);
    }
    return true;
  }

  /** How late a message of the corp may come of which no event tells: how long until all accounts had their turns. */
  #lateMsOf({ turnsUntilSeen }: PatrolTurns): number {
    const all = [...this.#turns.values()].reduce((sum, { size }) => sum + size, 0);
    const { quietMs, roundMs } = PATROL_TIMES;
    const ofCorpMs = (turnsUntilSeen / RESYNCS_OF_PATROL) * RESYNC_WINDOW_MS;
    return Math.max(quietMs, ofCorpMs, (all / LOOKS_PER_ROUND) * roundMs);
  }
}
