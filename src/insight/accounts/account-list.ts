import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type AttemptCounts, summaryOf } from '../../dispatch/endpoint/recent-attempts.js';
import type { HintHead } from '../../queue/event.js';
import { cursorOf, EventQueue } from '../../queue/event-queue.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Smallest } from '../../kernel/smallest.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { AccountAnswers, type AccountState } from './account-answers.js';
import { AllFigures } from '../figures/all-figures.js';
import type { KfAccountPageAnswer } from './kf-account.dto.js';
import { LINE_STATES, lineKey, type LineState } from '../../storage/queue/line.js';
import { accountKey } from '../../kernel/account.js';

/** Accounts per slice: scanned in one turn of the event loop, and looked up with one query. */
const SLICE = 1_000;
/** Accounts that one page looks up in the store at most; the next page continues. Memory is scanned to its end. */
const ASKED_MAX = 10_000;
/** How long an answer of the store is waited for. */
const ASK_LIMIT_MS = 1_000;

/** Which accounts; `null` for any. */
export interface AccountFilter {
  readonly corpId: string | null;
  readonly state: AccountState | null;
  /** Part of one of the texts by which people know an account, in any case. */
  readonly text: string | null;
}

/**
 * `account`: by corp and account. `name`: by name. `waitingSince`: the longest wait first, without accounts that have no hint.
 * `p95`: the slowest of the last hour first. `success`: the smallest share of taken attempts of the last hour first.
 */
export const ACCOUNT_ORDERS = ['account', 'name', 'waitingSince', 'p95', 'success'] as const;
export type AccountOrder = (typeof ACCOUNT_ORDERS)[number];

/** Orders by a key that is computed for each account. */
type SortedOrder = Exclude<AccountOrder, 'account' | 'waitingSince'>;

/** The place of an account in such an order: by key, then by account. */
interface Place {
  readonly key: string | number;
  readonly account: string;
}

/** A registration with its hint; `undefined` when the queue was not asked. */
interface Found {
  readonly puppet: Puppet;
  readonly hint: HintHead | null | undefined;
}

type Sorted = Found & Place;

/** Computes the key of a registration. */
type SortKey = (puppet: Puppet) => string | number;

/** The result of one slice, and where the next one begins; `null` at the end. */
interface Slice {
  readonly found: readonly Found[];
  /** How many accounts were looked up in the store. */
  readonly asked: number;
  readonly end: string | null;
}

/** The states of a hint that put its account into a state. */
const HINTED: Readonly<Partial<Record<AccountState, readonly LineState[]>>> = {
  dead: ['dead'],
  waiting: ['waiting', 'parked'],
};

/**
 * Pages of registrations. Registrations are in memory, and their hints are read from the queue. Usually only the hints of the
 * page are read. For a state that only the queue knows, slices are read until the page is full.
 */
@Injectable()
export class AccountList {
  constructor(
    private readonly accounts: Accounts,
    private readonly queue: EventQueue,
    private readonly answers: AccountAnswers,
    private readonly figures: AllFigures,
  ) {}

  /**
   * A page may be shorter than `limit` without being the last, when few of many accounts are in the state.
   * @param after the `nextCursor` of the page before, of the same order; `null` for the first.
   * @throws AppError `STORE_UNAVAILABLE` for the states `dead` and `waiting` and for the order `waitingSince`, which only the
   *   store knows.
   */
  async page(
    filter: AccountFilter,
    after: string | null,
    limit: number,
    order: AccountOrder = 'account',
  ): Promise<KfAccountPageAnswer> {
    const total = filter.state === null && order !== 'waitingSince' ? await this.#count(filter) : null;
    const page = await (order === 'account'
      ? this.#byAccount(filter, after, limit)
      : order === 'waitingSince'
        ? this.#bySince(filter, after, limit)
        : this.#sorted(filter, readPlace(after), limit, order));
    return { ...page, total };
  }

  /** How many registrations match; from memory. */
  async #count({ corpId, text }: AccountFilter): Promise<number> {
    if (corpId === null && text === null) return this.accounts.size;
    let count = 0;
    for await (const slice of this.#slices(corpId))
      count += text === null ? slice.length : slice.filter((puppet) => hasText(puppet, text)).length;
    return count;
  }

  /** All registrations of the corp, or of all corps. */
  async *#slices(corpId: string | null): AsyncGenerator<readonly Puppet[]> {
    for (let after: string | null = ''; after !== null;) {
      const slice = await this.accounts.list(after, corpId, SLICE);
      yield slice;
      const last = slice.at(-1);
      after = last === undefined || slice.length < SLICE ? null : accountKey(last);
      if (after !== null) await nextTurn();
    }
  }

  async #bySince(filter: AccountFilter, after: string | null, limit: number) {
    const { state, corpId, text } = filter;
    const states = state === null ? LINE_STATES : (HINTED[state] ?? []);
    const found: Found[] = [];
    for (let [cursor, asked] = [after, 0]; asked < ASKED_MAX; asked += SLICE) {
      const page = await this.queue.list({ states, corpId }, cursor, SLICE, 'waitingSince');
      found.push(...this.#registrationsOf(page.hints, text));
      ({ cursor } = page);
      const last = found[limit - 1]?.hint;
      if (found.length > limit && last) cursor = cursorOf(last, 'waitingSince');
      if (found.length > limit || cursor === null || asked + SLICE >= ASKED_MAX)
        return this.#toPage(found.slice(0, limit), cursor);
      await nextTurn();
    }
    return this.#toPage([], null);
  }

  /** Scans all registrations that match, anew for each page, and keeps those of the page. */
  async #sorted(filter: AccountFilter, after: Place | null, limit: number, order: SortedOrder) {
    const isAsked = filter.state !== null && HINTED[filter.state] === undefined;
    const size = isAsked ? SLICE : limit + 1;
    const found: Sorted[] = [];
    const keyOf = this.#sortKey(order);
    let place = after;
    for (let asked = 0; asked < ASKED_MAX; asked += SLICE) {
      const first = await this.#firstOf(filter, place, size, keyOf);
      found.push(...(isAsked ? await this.#calm(first) : first));
      const last = found[limit - 1];
      if (found.length > limit && last) return this.#toPage(found.slice(0, limit), toPosition(last));
      place = first.at(-1) ?? place;
      if (first.length < size) return this.#toPage(found, null);
    }
    return this.#toPage(found, place && toPosition(place));
  }

  /** The registrations that come next in the order. For `online` and `offline`, hints are not looked up yet. */
  async #firstOf(filter: AccountFilter, after: Place | null, limit: number, keyOf: SortKey) {
    const first = new Smallest<Sorted>(limit, compare);
    for await (const slice of this.#matching(filter)) {
      for (const one of slice) {
        const sorted = { ...one, key: keyOf(one.puppet), account: accountKey(one.puppet) };
        if (after === null || compare(sorted, after) > 0) first.add(sorted);
      }
    }
    return first.list();
  }

  async *#matching(filter: AccountFilter): AsyncGenerator<readonly Found[]> {
    const { corpId, state, text } = filter;
    const states = state === null ? undefined : HINTED[state];
    if (states === undefined) {
      for await (const slice of this.#slices(corpId))
        yield slice
          .filter((puppet) => hasText(puppet, text) && this.#isOnlineAs(puppet, state))
          .map((puppet) => ({ puppet, hint: undefined }));
      return;
    }
    for (let after: string | null = ''; after !== null;) {
      const slice: Slice = await this.#hinted(states, filter, after);
      yield slice.found;
      after = slice.end;
      await nextTurn();
    }
  }

  /** Looks each account up once, so that its place stays the same while a page is made. */
  #sortKey(order: SortedOrder): SortKey {
    if (order === 'name') return ({ name, openKfId }) => name || openKfId;
    const toKey = order === 'success' ? successOf : slownessOf;
    const known = new Map<string, number>();
    return (puppet) => {
      const account = accountKey(puppet);
      const key = known.get(account) ?? toKey(this.figures.deliveriesOf(puppet).lastHour);
      known.set(account, key);
      return key;
    };
  }

  async #byAccount(filter: AccountFilter, after: string | null, limit: number) {
    const found: Found[] = [];
    let end: string | null = after ?? '';
    for (let asked = 0; end !== null && asked < ASKED_MAX;) {
      const slice: Slice = await this.#slice(filter, end, limit);
      found.push(...slice.found);
      end = slice.end;
      if (found.length > limit) return this.#toPage(found.slice(0, limit), keyOfLast(found, limit));
      asked += slice.asked;
      await nextTurn();
    }
    return this.#toPage(found, end);
  }

  /** @returns `null` when the account has no hint, and when the store does not answer in time. */
  async findHint(puppet: Puppet): Promise<HintHead | null> {
    const hints = await this.#findHints([puppet]);
    return hints?.get(accountKey(puppet)) ?? null;
  }

  async #toPage(found: readonly Found[], nextPosition: string | null) {
    const unasked = found.filter(({ hint }) => hint === undefined).map(({ puppet }) => puppet);
    const hints = await this.#findHints(unasked);
    const items = found.map(({ puppet, hint = hints?.get(accountKey(puppet)) }) =>
      this.answers.of(puppet, hint ?? null),
    );
    return { items, nextCursor: nextPosition };
  }

  #slice(filter: AccountFilter, after: string, limit: number): Promise<Slice> {
    const { state } = filter;
    const states = state === null ? undefined : HINTED[state];
    return states === undefined
      ? this.#registered(filter, after, limit)
      : this.#hinted(states, filter, after);
  }

  async #registered({ corpId, state, text }: AccountFilter, after: string, limit: number): Promise<Slice> {
    const size = state === null && text === null ? limit + 1 : SLICE;
    const puppets = await this.accounts.list(after, corpId, size);
    const last = puppets.at(-1);
    const end = last === undefined || puppets.length < size ? null : accountKey(last);
    const matching = puppets.filter((puppet) => hasText(puppet, text));
    if (state === null)
      return { found: matching.map((puppet) => ({ puppet, hint: undefined })), asked: 0, end };
    const candidates = matching
      .filter((puppet) => this.#isOnlineAs(puppet, state))
      .map((puppet) => ({ puppet, hint: undefined }));
    return { found: await this.#calm(candidates), asked: candidates.length, end };
  }

  #isOnlineAs(puppet: Puppet, state: AccountState | null): boolean {
    return state === null || this.answers.isOnline(puppet) === (state === 'online');
  }

  /** Looks the hints up, and keeps the registrations without one. */
  async #calm<T extends Found>(candidates: readonly T[]): Promise<T[]> {
    const hints = await this.#findHints(candidates.map(({ puppet }) => puppet));
    const calm = candidates.filter(({ puppet }) => !hints?.has(accountKey(puppet)));
    return calm.map((one) => ({ ...one, hint: null }));
  }

  async #hinted(states: readonly LineState[], filter: AccountFilter, after: string): Promise<Slice> {
    const { corpId, text } = filter;
    const page = await this.queue.list({ states, corpId }, after, SLICE);
    return { found: this.#registrationsOf(page.hints, text), asked: SLICE, end: page.cursor };
  }

  #registrationsOf(hints: readonly HintHead[], text: string | null): Found[] {
    return hints.flatMap((hint) => {
      // A bot may have taken over the account.
      const puppet = this.accounts.find(hint);
      return puppet !== null && hasText(puppet, text) ? [{ puppet, hint }] : [];
    });
  }

  /** @returns `null` when the store does not answer in time. */
  async #findHints(puppets: readonly Puppet[]): Promise<ReadonlyMap<string, HintHead> | null> {
    if (puppets.length === 0) return new Map();
    const keys = puppets.map((puppet) => lineKey('event', puppet));
    const asked = this.queue.list({ states: LINE_STATES, corpId: null, keys }, null, keys.length);
    const page = await answerInTime(ASK_LIMIT_MS, 'find hints of accounts', asked);
    return page === null ? null : new Map(page.hints.map((hint) => [accountKey(hint), hint]));
  }
}

/** Accounts without an attempt come last. */
function successOf(counts: AttemptCounts): number {
  const { attempts, taken } = summaryOf(counts);
  return attempts === 0 ? 2 : taken / attempts;
}

function slownessOf(counts: AttemptCounts): number {
  const { p95Ms } = summaryOf(counts);
  return p95Ms === null ? 0 : -p95Ms;
}

const BY_NAME = new Intl.Collator('zh-Hans', { numeric: true });

function compare(a: Place, b: Place): number {
  const byKey =
    typeof a.key === 'number' && typeof b.key === 'number'
      ? a.key - b.key
      : BY_NAME.compare(String(a.key), String(b.key));
  return byKey || (a.account < b.account ? -1 : Number(a.account > b.account));
}

function toPosition({ key, account }: Place): string {
  return JSON.stringify([key, account]);
}

/** @returns `null`, which means the beginning, for a text that is no position. */
function readPlace(position: string | null): Place | null {
  try {
    const [key, account] = JSON.parse(position ?? '[]');
    const isPlace = ['string', 'number'].includes(typeof key) && typeof account === 'string';
    return isPlace ? { key, account } : null;
  } catch {
    return null;
  }
}

function keyOfLast(found: readonly Found[], limit: number): string | null {
  const last = found[limit - 1];
  return last === undefined ? null : accountKey(last.puppet);
}

function hasText({ openKfId, name, corpId, endpoint }: Puppet, text: string | null): boolean {
  if (text === null) return true;
  const lower = text.toLowerCase();
  return [openKfId, name, corpId, endpoint].some((field) => field.toLowerCase().includes(lower));
}
