import { Injectable } from '@nestjs/common';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { accountKey, type Addressee, toAddressee } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import type { HintHead } from '../../queue/event.js';
import { EventQueue } from '../../queue/event-queue.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import { LINE_STATES, lineKey } from '../../storage/queue/line.js';
import type { DiskRoom } from '../../storage/store/storage-probe.js';
import type { AccountFacts } from './account-state.js';
import { type CustomerCount, CustomerCounts } from './customer-counts.js';
import { StoreCounts } from './store-counts.js';

/** Hints that are read at once, and of all accounts. */
const SLICE = 1_000;
const HINTS_MAX = 20_000;
/** Callers report other things too, so they do not wait longer than this for the store. */
const STORE_LIMIT_MS = 1_000;
const STORE_AGE_MS_MAX = 2_000;
/** All sessions are counted. */
const CUSTOMERS_AGE_MS_MAX = 5_000;

type ByAccount<T> = ReadonlyMap<string, T>;

/** What waits, by account; `null` where the store does not answer. */
export interface Waits {
  readonly hints: ByAccount<HintHead> | null;
  readonly messages: ByAccount<EntryCounts> | null;
  /** Why no message can be pulled or given. */
  readonly fault: AccountFacts['storeFault'];
  /** `null` also where no bot shares customers with people. */
  readonly customers: ByAccount<CustomerCount> | null;
}

/** Reads from the store what waits for the bots of accounts, and which customers wait for people. */
@Injectable()
export class AccountWaits {
  readonly #hints: Recent<Waits['hints']>;
  readonly #customers: Recent<Waits['customers']>;

  constructor(
    private readonly queue: EventQueue,
    private readonly counts: QueueCounts,
    private readonly stored: StoreCounts,
    customerCounts: CustomerCounts,
    bots: KnownBots,
    clock: Clock,
  ) {
    this.#hints = new Recent(clock, () => answerInTime(STORE_LIMIT_MS, 'list hints', this.#readAll()));
    this.#customers = new Recent(clock, async () => {
      const isShared = bots.list().some(({ session }) => session !== null);
      return isShared ? answerInTime(STORE_LIMIT_MS, 'count customers', customerCounts.read()) : null;
    });
  }

  /** Up to 2 s old, and customers up to 5 s. */
  async read(): Promise<Waits> {
    const [hints, counts, customers, { room }] = await Promise.all([
      this.#hints.latest(STORE_AGE_MS_MAX),
      this.counts.messagesByAccount(STORE_AGE_MS_MAX),
      this.#customers.latest(CUSTOMERS_AGE_MS_MAX),
      this.stored.state(),
    ]);
    const messages = counts && new Map(counts.map((one) => [accountKey(one), one]));
    const isAway = hints === null && messages === null;
    return { hints, messages, fault: faultOf(room, isAway), customers };
  }

  /** The hint of one account, as it is now. */
  async readHint(account: Addressee): Promise<Waits['hints']> {
    const of = { states: LINE_STATES, corpId: null, keys: [lineKey('event', account)] };
    const asked = this.queue.list(of, null, 1);
    const page = await answerInTime(STORE_LIMIT_MS, 'find the hint of an account', asked);
    return page && byAccount(page.hints);
  }

  async #readAll(): Promise<ByAccount<HintHead>> {
    const hints: HintHead[] = [];
    for (let cursor: string | null = null; hints.length < HINTS_MAX;) {
      const page = await this.queue.list({ states: LINE_STATES, corpId: null }, cursor, SLICE);
      hints.push(...page.hints);
      ({ cursor } = page);
      if (cursor === null) break;
    }
    return byAccount(hints);
  }
}

/** A full disk is why the store does not answer. */
function faultOf(room: DiskRoom, isAway: boolean): Waits['fault'] {
  if (room === 'full') return 'disk_full';
  if (isAway) return 'store_down';
  return room === 'low' ? 'disk_low' : null;
}

function byAccount(hints: readonly HintHead[]): ByAccount<HintHead> {
  return new Map(hints.map((hint) => [accountKey(toAddressee(hint)), hint]));
}
