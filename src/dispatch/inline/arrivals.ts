import { Injectable } from '@nestjs/common';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { newLru } from '../../kernel/lru.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type CountedHours, HourCounts } from '../endpoint/hour-counts.js';

/** Each takes some 100 bytes. */
const ACCOUNTS_MAX = 50_000;
/** Corps, and bots that take messages; a further one replaces the one that was heard of longest ago. Some 2 kB each. */
const CORPS_MAX = 10_000;
/** A week: three days before a silence are compared with it, and it may last for days until somebody looks. */
export const ARRIVAL_HOURS = 7 * 24;
/** Of the finds in a row the first and the newest are kept. */
const UNTOLD_MAX = 10;

/** How often WeCom called for a corp's accounts, through one process. Plain JSON; store time. */
export interface CorpArrivals {
  readonly corpId: string;
  /** When an event came last, for whichever account. */
  readonly atMs: number;
  /** Events for accounts that the manager does not pull. */
  readonly hours: CountedHours;
}

/** What one process was told, and not told, for a bot that takes messages. Plain JSON; store time. */
export interface BotArrivals {
  readonly botId: string;
  readonly corpId: string;
  /** When an event came last for one of its accounts; 0 for never. */
  readonly atMs: number;
  /** When pulls found customers' messages of which no event had told, rising. */
  readonly untold: readonly number[];
  /** How late such a message may come; as it was at the last find. */
  readonly lateMs: number;
}

/** Adds up its hours when they are asked for: most who look ask for few. */
class OwnArrivals implements CorpArrivals {
  constructor(
    readonly corpId: string,
    readonly atMs: number,
    private readonly counts: HourCounts,
  ) {}

  get hours(): CountedHours {
    return this.counts.toJSON();
  }

  toJSON(): CorpArrivals {
    const { corpId, atMs, hours } = this;
    return { corpId, atMs, hours };
  }
}

/** Remembers when WeCom's events came in, and what was found without one: so it is seen that callbacks do not arrive. */
@Injectable()
export class Arrivals {
  readonly #accounts = newLru<number>(ACCOUNTS_MAX);
  readonly #corps = newLru<{ atMs: number; readonly hours: HourCounts }>(CORPS_MAX);
  readonly #bots = newLru<BotArrivals>(CORPS_MAX);
  /** Since when this process would have been told, store time. */
  readonly sinceMs: number;

  constructor(private readonly storeClock: StoreClock) {
    this.sinceMs = storeClock.nowMs();
  }

  /** An event came in. Every callback passes here. @param botId of the bot for which the manager pulls; `null` for any other. */
  came(account: Addressee, botId: string | null): void {
    const nowMs = this.storeClock.nowMs();
    const { corpId } = account;
    const corp = this.#corps.get(corpId) ?? { atMs: nowMs, hours: new HourCounts(ARRIVAL_HOURS) };
    corp.atMs = nowMs;
    this.#corps.set(corpId, corp);
    if (botId === null) return corp.hours.add(nowMs);
    this.#accounts.set(accountKey(account), nowMs);
    this.#bots.set(botId, { botId, corpId, atMs: nowMs, untold: [], lateMs: 0 });
  }

  /** A pull found customers' messages of which no event told. @param foundAtMs store time. */
  untold(corpId: string, botId: string, foundAtMs: number, lateMs: number): void {
    const { atMs, untold } = this.#bots.get(botId) ?? { atMs: 0, untold: [] };
    const times = [...untold, foundAtMs].sort((a, b) => a - b);
    if (times.length > UNTOLD_MAX) times.splice(1, 1);
    this.#bots.set(botId, { botId, corpId, atMs, untold: times, lateMs });
  }

  /** When an event of the account came last to this process; 0 where that is not known. Of bots that take messages alone. */
  lastOf(account: Addressee): number {
    return this.#accounts.get(accountKey(account)) ?? 0;
  }

  /** Of the corps for which something came since then. Scans all. */
  *corpsSince(sinceMs: number): Generator<CorpArrivals> {
    for (const [corpId, { atMs, hours }] of [...this.#corps.entries()])
      if (atMs >= sinceMs) yield new OwnArrivals(corpId, atMs, hours);
  }

  /** Of the bots for which something came, or was found, since then. Scans all. */
  *botsSince(sinceMs: number): Generator<BotArrivals> {
    for (const bot of [...this.#bots.values()])
      if (Math.max(bot.atMs, bot.untold.at(-1) ?? 0) >= sinceMs) yield bot;
  }
}
