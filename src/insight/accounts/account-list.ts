import { Injectable } from '@nestjs/common';
import { DeliveryLog } from '../../log/delivery-log.js';
import { type LastDeliveries, Past } from '../../log/past.js';
import { summaryOf } from '../../log/recent-attempts.js';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { Smallest } from '../../kernel/smallest.js';
import type { Failure } from '../../queue/failure.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import { WecomAccounts } from '../../wecom/calls/wecom-accounts.js';
import { type Cause, newCause } from './cause.js';
import { Names } from './names.js';
import type { ServedBy } from './account-servers.js';
import { ACCOUNT_STATES, type AccountState } from './account-states.js';
import { type AccountView, AccountViews, statesOf } from './account-views.js';

/** What comes first: the worst state; the name; the latest message; the slowest within the last hour. */
export const ACCOUNT_ORDERS = ['state', 'name', 'lastMessage', 'p95'] as const;
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number];

/** How long WeCom is waited for. What it says later is in the next list. */
const WECOM_LIMIT_MS = 1_000;
/** How long the log is waited for. */
const STORE_LIMIT_MS = 1_000;
/** An account of which so many records say nothing of an attempt gets none. */
const OLDER_MAX = 100;
/** Corps whose lists are asked for at once. */
const CORPS_AT_ONCE = 4;

/** Which accounts; `null` for any. */
export interface AccountFilter {
  readonly corpId: string | null;
  readonly botId: string | null;
  readonly servedBy: ServedBy | null;
  readonly state: AccountState | null;
  /** Part of one of the texts by which people know an account, in any case. */
  readonly text: string | null;
}

/** An account, with all that operators are shown of it. Times are store time. */
export interface AccountDetails extends Pick<LastDeliveries, 'taken' | 'lastHour'> {
  readonly view: AccountView;
  /** False where the store does not answer: what waits is not known. */
  readonly isStored: boolean;
  readonly corpName: string | null;
  /** Of this account alone, the worst first. */
  readonly causes: readonly Cause[];
  /** That any replica saw, or that of its hint if that is later. */
  readonly lastFailure: Failure | null;
  /** Of all accounts at the endpoint of its registration; `null` where it has none. */
  readonly atEndpoint: LastDeliveries | null;
  /** How much its bot took in each of the last 24 hours, the oldest first. */
  readonly hours: readonly number[];
}

export interface AccountListPage {
  readonly items: readonly AccountDetails[];
  /** Where the next page begins; `null` for the last one. */
  readonly next: string | null;
  /** How many match, on all pages. */
  readonly total: number;
  /** Of all that match the filter without its `state`. */
  readonly counts: Readonly<Record<AccountState, number>>;
}

/** Where an account stands in an order. */
interface Place {
  readonly rank: number;
  readonly name: string;
  readonly account: string;
}

type Placed = Place & { readonly view: AccountView };

/** Pages of all accounts of all apps, as operators see them. */
@Injectable()
export class AccountList {
  #from = '';
  readonly #asking = new SerialRuns(() => this.#askAll());

  constructor(
    private readonly accounts: Accounts,
    private readonly views: AccountViews,
    private readonly past: Past,
    private readonly deliveryLog: DeliveryLog,
    private readonly names: Names,
    private readonly wecom: WecomAccounts,
    private readonly clock: Clock,
  ) {}

  /**
   * @param after the `next` of the page before, of the same order; `null` for the first.
   * @param from the address that asks, by which questions to WeCom are counted.
   */
  async page(
    filter: AccountFilter,
    after: string | null,
    limit: number,
    order: AccountOrder,
    from: string,
  ): Promise<AccountListPage> {
    await this.#askWecom(from);
    const { views, isStored } = await this.views.list();
    const place = readPlace(after);
    const first = new Smallest<Placed>(limit + 1, compare);
    const matching = views.filter((view) => this.#matches(view, filter));
    const { state } = filter;
    const listed = state === null ? matching : matching.filter(({ judged }) => judged.state === state);
    for (const view of listed) {
      const placed = { ...this.#placeOf(view, order), view };
      if (place === null || compare(placed, place) > 0) first.add(placed);
    }
    const found = first.list();
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ view }) => this.#withDetails(view, isStored)),
      next: found.length > limit && last !== undefined ? toPosition(last) : null,
      total: listed.length,
      counts: statesOf(matching),
    };
  }

  /**
   * @param corpId `null`: of whichever corp; of several that of the one which has registered it or whose bot lists it.
   * @throws AppError `ACCOUNT_NOT_FOUND`, `REGISTRY_NOT_LOADED`; `STORE_UNAVAILABLE` for one that memory does not know.
   */
  async get(openKfId: string, corpId: string | null, from: string): Promise<AccountDetails> {
    await this.#askWecom(from);
    const account = { openKfId, corpId: corpId ?? (await this.#corpOf(openKfId)) };
    const { view, isStored } = await this.views.find(account);
    if (view === null) throw new AppError('ACCOUNT_NOT_FOUND');
    return this.#withDetails(view, isStored, await this.#older(account));
  }

  /** What the log has of an account from before the time that this process has read of it. `null` where that is not needed. */
  async #older(account: Addressee): Promise<LastDeliveries | null> {
    if (this.deliveryLog.days === 0 || this.past.lastOf(account).taken !== null) return null;
    const asked = this.deliveryLog.newestOf(account, OLDER_MAX);
    const records = await answerInTime(STORE_LIMIT_MS, 'find the older deliveries of an account', asked);
    return records && this.past.lastIn(records);
  }

  /** The corp that has registered it or whose bot lists it, also if the list is not of now; else any that has it. */
  async #corpOf(openKfId: string): Promise<string> {
    const corpId = await this.accounts.corpOf(openKfId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'REGISTRY_PUPPET_NOT_FOUND') return null;
      throw error;
    });
    if (corpId !== null) return corpId;
    const { views } = await this.views.list();
    const view = views.find((one) => one.openKfId === openKfId);
    if (view === undefined) throw new AppError('ACCOUNT_NOT_FOUND');
    return view.corpId;
  }

  #matches(view: AccountView, { corpId, botId, servedBy, text }: AccountFilter): boolean {
    return (
      (corpId === null || view.corpId === corpId) &&
      (botId === null || view.bot?.id === botId) &&
      (servedBy === null || view.servedBy === servedBy) &&
      (text === null || this.#hasText(view, text.toLowerCase()))
    );
  }

  #hasText({ corpId, openKfId, name, address, bot }: AccountView, lower: string): boolean {
    return [openKfId, name, bot?.name, address, corpId, this.names.ofCorp(corpId), bot?.id].some(
      (field) => field?.toLowerCase().includes(lower) === true,
    );
  }

  #placeOf(view: AccountView, order: AccountOrder): Place {
    const name = view.name ?? view.openKfId;
    return { rank: this.#rankOf(view, order), name, account: accountKey(view) };
  }

  #rankOf(view: AccountView, order: AccountOrder): number {
    switch (order) {
      case 'state':
        return ACCOUNT_STATES.indexOf(view.judged.state);
      case 'name':
        return 0;
      case 'lastMessage':
        return -view.takenAtMs;
      case 'p95':
        return -(summaryOf(this.past.lastOf(view).lastHour).p95Ms ?? 0);
      default:
        return order satisfies never;
    }
  }

  #withDetails(view: AccountView, isStored: boolean, older: LastDeliveries | null = null): AccountDetails {
    const { corpId, openKfId, bot, puppet, hint, judged } = view;
    const { taken, failure, lastHour } = this.past.lastOf(view);
    const of = { corpId, openKfId, botId: bot?.id ?? null };
    return {
      view,
      isStored,
      lastHour,
      taken: taken ?? older?.taken ?? null,
      corpName: this.names.ofCorp(corpId),
      causes: judged.reasons.map(({ code, count, ...why }) =>
        this.names.of(newCause(code, count, { ...of, ...why })),
      ),
      lastFailure: later(failure ?? older?.failure ?? null, hint?.lastFailure ?? null),
      atEndpoint: puppet === null ? null : this.past.ofEndpoint(puppet.endpoint),
      hours: this.past.hoursOf(view),
    };
  }

  async #askWecom(from: string): Promise<void> {
    this.#from = from;
    await this.clock.within(WECOM_LIMIT_MS, this.#asking.run());
  }

  /** Never rejects: of a corp that WeCom does not list, the list is not known. */
  async #askAll(): Promise<void> {
    const corpIds = this.names.corpIds().values();
    const askNext = async (): Promise<void> => {
      for (const corpId of corpIds) await this.wecom.list(corpId, this.#from, null, false).catch(() => {});
    };
    await Promise.all(Array.from({ length: CORPS_AT_ONCE }, askNext));
  }
}

const BY_NAME = new Intl.Collator('zh-Hans', { numeric: true });

function compare(a: Place, b: Place): number {
  return (
    a.rank - b.rank ||
    BY_NAME.compare(a.name, b.name) ||
    (a.account < b.account ? -1 : Number(a.account > b.account))
  );
}

function toPosition({ rank, name, account }: Place): string {
  return JSON.stringify([rank, name, account]);
}

/** @returns `null`, the beginning, for what is no position. */
function readPlace(position: string | null): Place | null {
  try {
    const [rank, name, account] = JSON.parse(position ?? '[]');
    const isPlace = typeof rank === 'number' && typeof name === 'string' && typeof account === 'string';
    return isPlace ? { rank, name, account } : null;
  } catch {
    return null;
  }
}

function later(a: Failure | null, b: Failure | null): Failure | null {
  if (a === null || b === null) return a ?? b;
  return a.atMs >= b.atMs ? a : b;
}
