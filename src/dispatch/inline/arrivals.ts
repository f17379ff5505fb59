import { Injectable } from '@nestjs/common';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { newLru } from '../../kernel/lru.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { HourCounts } from '../../log/hour-counts.js';

/** Each takes some 100 bytes. */
const ACCOUNTS_MAX = 50_000;
/** Corps, and bots that take messages; a further one replaces the one that was heard of longest ago. Some 2 kB each. */
const CORPS_MAX = 10_000;
/** A week: three days before a silence are compared with it, and it may last for days until somebody looks. */
export const ARRIVAL_HOURS = 7 * 24;
/** Of the finds in a row the first and the newest are kept. */
const UNTOLD_MAX = 10;

/** How often WeCom called for a corp's accounts. Store time. */
export interface CorpArrivals {
  readonly corpId: string;
  /** When an event came last, for whichever account. */
  readonly atMs: number;
  /** Events for accounts that the manager does not pull, by the hour, the oldest first; the last one is under way. */
  readonly hours: readonly number[];
}

/** The same of one process, since it told the others last. Plain JSON; store time. */
export interface ArrivalCount {
  readonly corpId: string;
  readonly atMs: number;
  readonly count: number;
}

/** What was told, and not told, for a bot that takes messages. Plain JSON; store time. */
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

interface Corp {
  atMs: number;
  readonly hours: HourCounts;
}

/**
 * Remembers when WeCom's events came in, here and as other processes tell, and what was found without one: so it is seen that
 * callbacks do not arrive.
 */
@Injectable()
export class Arrivals {
  readonly #accounts = newLru<number>(ACCOUNTS_MAX);
  readonly #corps = newLru<Corp>(CORPS_MAX);
  readonly #bots = newLru<BotArrivals>(CORPS_MAX);
  /** Since the other processes were told last. */
  readonly #news = { corps: new Map<string, ArrivalCount>(), botIds: new Set<string>() };
  /** Since when this process would have been told, store time. */
  readonly sinceMs: number;

  constructor(private readonly storeClock: StoreClock) {
    this.sinceMs = storeClock.nowMs();
  }

  /** An event came in. Every callback passes here. @param botId of the bot for which the manager pulls; `null` for any other. */
  came(account: Addressee, botId: string | null): void {
    const nowMs = this.storeClock.nowMs();
    const { corpId } = account;
    const count = botId === null ? 1 : 0;
    this.#addCorp({ corpId, atMs: nowMs, count });
    const news = this.#news.corps.get(corpId);
    this.#news.corps.set(corpId, { corpId, atMs: nowMs, count: count + (news?.count ?? 0) });
    if (botId === null) return;
    this.#accounts.set(accountKey(account), nowMs);
    this.#addBot({ botId, corpId, atMs: nowMs, untold: [], lateMs: 0 });
    this.#news.botIds.add(botId);
  }

  /** A pull found customers' messages of which no event told. @param foundAtMs store time. */
  untold(corpId: string, botId: string, foundAtMs: number, lateMs: number): void {
    this.#addBot({ botId, corpId, atMs: 0, untold: [foundAtMs], lateMs });
    this.#news.botIds.add(botId);
  }

  /** What other processes have to know. */
  takeNews(): { readonly corps: readonly ArrivalCount[]; readonly bots: readonly BotArrivals[] } {
    const { corps, botIds } = this.#news;
    const news = {
      corps: [...corps.values()],
      bots: [...botIds].flatMap((botId) => this.#bots.peek(botId) ?? []),
    };
    corps.clear();
    botIds.clear();
    return news;
  }

  /** What another process was told. */
  addOfOther(corps: readonly ArrivalCount[], bots: readonly BotArrivals[]): void {
    for (const corp of corps) this.#addCorp(corp);
    for (const bot of bots) this.#addBot(bot);
  }

  #addCorp({ corpId, atMs, count }: ArrivalCount): void {
    const corp = this.#corps.get(corpId) ?? { atMs, hours: new HourCounts(ARRIVAL_HOURS) };
    corp.atMs = Math.max(corp.atMs, atMs);
    if (count > 0) corp.hours.add(atMs, count);
    this.#corps.set(corpId, corp);
  }

  #addBot(added: BotArrivals): void {
    const { botId, corpId } = added;
    const known = this.#bots.get(botId) ?? { atMs: 0, untold: [], lateMs: 0 };
    const atMs = Math.max(known.atMs, added.atMs);
    const times = [...new Set([...known.untold, ...added.untold])].filter((ms) => ms > atMs);
    times.sort((a, b) => a - b);
    while (times.length > UNTOLD_MAX) times.splice(1, 1);
    const lateMs = added.untold.length > 0 ? added.lateMs : known.lateMs;
    this.#bots.set(botId, { botId, corpId, atMs, untold: times, lateMs: times.length > 0 ? lateMs : 0 });
  }

  /** When an event of the account came last to this process; 0 where that is not known. Of bots that take messages alone. */
  lastOf(account: Addressee): number {
    return this.#accounts.get(accountKey(account)) ?? 0;
  }

  /** Scans all. */
  corps(): readonly CorpArrivals[] {
    const nowMs = this.storeClock.nowMs();
    return [...this.#corps.entries()].map(([corpId, { atMs, hours }]) => ({
      corpId,
      atMs,
      hours: hours.list(nowMs),
    }));
  }

  /** Scans all. */
  bots(): readonly BotArrivals[] {
    return [...this.#bots.values()];
  }

  /** When an event of the corp came last; 0 where that is not known. */
  lastOfCorp(corpId: string): number {
    return this.#corps.peek(corpId)?.atMs ?? 0;
  }
}
