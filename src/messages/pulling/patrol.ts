import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { RESYNCS_OF_PATROL, RESYNC_WINDOW_MS } from '../../dispatch/later/resync-budget.js';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { isOpen, listedIn, takesAllOthers } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import { Pulls } from '../queue/pulls.js';
import { MessageMetrics } from '../sending/message-metrics.js';
import { Coverage } from './coverage.js';
import { EventlessPulls } from './eventless-pulls.js';
import { PATROL_TIMES } from './patrol-times.js';
import { PatrolTurns, type WatchedAccount } from './patrol-turns.js';
import type { CameIn } from './pull-run.js';

/** Of all corps in one round, or a few more: five a second, so that very many accounts take little of the process. */
const LOOKS_PER_ROUND = 50;
/** Of a corp in one round; those without a sync token are far fewer. */
const LOOKS_OF_CORP = 10;
const CORPS_AT_ONCE = 4;
const AT_ONCE = 1_000;

/** What one look found. */
interface Find extends WatchedAccount {
  readonly found: CameIn;
  /** When the pull began, store time. */
  readonly beganAtMs: number;
  /** As the store has it of this pull. */
  readonly pulledAtMs: number;
}

/**
 * Pulls accounts for which no event came for a while, since WeCom does not promise its callbacks: by turns, those with customers of
 * late first, and as often as a corp may be pulled without an event. Each replica does so; an account that another one has pulled
 * meanwhile is left alone. Customers' messages of which no event tells in time are counted as untold.
 */
@Injectable()
export class Patrol {
  /** By corp. */
  readonly #turns = new Map<string, PatrolTurns>();
  /** Until when corps may not be pulled without a sync token, store time. */
  readonly #limitedUntilMs = new Map<string, number>();
  /** Of the accounts that are known; -Infinity before the first look for them. */
  #foundAtMs = -Infinity;
  /** Where the next round begins among the corps. */
  #nextCorp = 0;
  #timers = new Set<Timer>();
  #hasStarted = false;
  #isStopped = false;

  constructor(
    private readonly pulls: EventlessPulls,
    private readonly states: Pulls,
    private readonly arrivals: Arrivals,
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly coverage: Coverage,
    private readonly metrics: MessageMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Call it once the registry is loaded; later calls do nothing. */
  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#after(PATROL_TIMES.roundMs, () => this.#round());
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  #after(delayMs: number, run: () => Promise<void>): void {
    if (this.#isStopped) return;
    const timer = this.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      void run();
    });
    this.#timers.add(timer);
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
    this.#after(PATROL_TIMES.roundMs, () => this.#round());
  }

  async #findAccounts(): Promise<void> {
    this.#foundAtMs = this.clock.elapsedMs();
    const taking = this.bots.list().filter((bot) => bot.takes === 'message' && isOpen(bot));
    const listed = taking.flatMap((bot) => listedIn(bot).map((openKfId) => toWatched(bot, openKfId)));
    const found = Map.groupBy([...listed, ...(await this.#ofOthers(taking))], ({ corpId }) => corpId);
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

  /** The accounts of bots that take all others, as far as they were pulled before: no list of the manager's has the rest. */
  async #ofOthers(taking: readonly KnownBot[]): Promise<readonly WatchedAccount[]> {
    const corpIds = new Set(taking.filter(takesAllOthers).map(({ corpId }) => corpId));
    if (corpIds.size === 0) return [];
    const watched: WatchedAccount[] = [];
    for (const [n, key] of [...this.coverage.keys()].entries()) {
      if (n % AT_ONCE === AT_ONCE - 1) await nextTurn();
      const account = readAccountKey(key);
      if (!corpIds.has(account.corpId)) continue;
      const { bot, isPulled } = this.destinations.find(account);
      if (bot !== null && isPulled && takesAllOthers(bot)) watched.push(toWatched(bot, account.openKfId));
    }
    return watched;
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
      const hasCustomer = looked.found.customers > 0;
      turns.pulled(key, endedAtMs, hasCustomer, endedAtMs);
      if (hasCustomer) {
        const pulledAtMs = await this.states.pulledAtMs(next);
        this.#judgeLater({ ...next, found: looked.found, beganAtMs: nowMs, pulledAtMs });
      }
    } else {
      const pulledAtMs = 'pulledAtMs' in looked ? looked.pulledAtMs : endedAtMs;
      turns.pulled(key, pulledAtMs, false, endedAtMs);
    }
    return true;
  }

  #judgeLater(find: Find): void {
    this.#after(PATROL_TIMES.settleMs, async () => {
      // A store that does not tell leaves it open, and what is open is not counted.
      const isTold = await this.#isTold(find).catch(() => true);
      if (isTold) return;
      const { corpId, openKfId, botId, found, pulledAtMs } = find;
      this.metrics.untold(found.customers);
      this.arrivals.untold(corpId, botId, pulledAtMs, this.#lateMsOf(corpId));
      this.log.warn({ corpId, openKfId, bot: botId, messages: found.customers }, 'message.untold');
    });
  }

  /** Whether an event may have told of it, to this process or to another replica, which then has pulled once more. */
  async #isTold(find: Find): Promise<boolean> {
    const { found, beganAtMs, pulledAtMs } = find;
    // Before, nobody may have been there to be told.
    if (found.firstSentAtMs < this.arrivals.sinceMs) return true;
    // One that came just before may not have led to its pull yet.
    if (this.arrivals.lastOf(find) > beganAtMs - PATROL_TIMES.lateQuietMs / 2) return true;
    return (await this.states.pulledAtMs(find)) !== pulledAtMs;
  }

  /** How late a message may come of which no event tells: how long until all accounts had their turns. */
  #lateMsOf(corpId: string): number {
    const all = [...this.#turns.values()].reduce((sum, { size }) => sum + size, 0);
    const turns = this.#turns.get(corpId)?.turnsUntilSeen ?? 0;
    const { quietMs, roundMs } = PATROL_TIMES;
    const ofCorpMs = (turns / RESYNCS_OF_PATROL) * RESYNC_WINDOW_MS;
    return Math.max(quietMs, ofCorpMs, (all / LOOKS_PER_ROUND) * roundMs);
  }
}

function toWatched({ corpId, id: botId }: KnownBot, openKfId: string): WatchedAccount {
  return { corpId, openKfId, botId };
}
