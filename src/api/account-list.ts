import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type HintHead, type HintState, hintKey } from '../dispatch/outbox/hint.js';
import { Outbox } from '../dispatch/outbox/outbox.js';
import { AppError } from '../kernel/app-error.js';
import { withinDeadline } from '../kernel/deadline.js';
import { Accounts } from '../registry/accounts.js';
import { Destinations } from '../registry/destination.js';
import { accountKey, type Puppet } from '../registry/puppet.js';
import { AccountAnswers, type AccountState } from './account-answers.js';
import type { KfAccountPageAnswer } from './answers/kf-account.dto.js';

/** Accounts per slice: scanned in one turn of the event loop, and looked up with one query. */
const SLICE = 1_000;
/** Accounts that one page looks up in the store at most; the next page continues. Memory is scanned to its end. */
const ASKED_MAX = 10_000;
/** The conditions that memory answers. */
const ASK_LIMIT_MS = 1_000;

/** Which accounts; `null` for any. */
export interface AccountFilter {
  readonly corpId: string | null;
  readonly state: AccountState | null;
  /** Part of one of the texts by which people know an account, in any case. */
  readonly text: string | null;
}

/** Its hint; `undefined` when the outbox was not asked. */
interface Found {
  readonly puppet: Puppet;
  readonly hint: HintHead | null | undefined;
}

/** The result of one slice, and where the next one begins; `null` at the end. */
interface Slice {
  readonly found: readonly Found[];
  /** How many accounts were looked up in the store. */
  readonly asked: number;
  readonly end: string | null;
}

/** The hints that put an account into that state. */
const HINTED: Readonly<Partial<Record<AccountState, readonly HintState[]>>> = {
  dead: ['dead'],
  waiting: ['waiting', 'parked'],
};

/**
 * Pages of registrations, sorted by corp and account. Registrations are in memory. Hints are read from the outbox: for the
 * page alone, or, when a state is asked for that only the outbox knows, slice by slice until the page is full.
 */
@Injectable()
export class AccountList {
  constructor(
    private readonly accounts: Accounts,
    private readonly destinations: Destinations,
    private readonly outbox: Outbox,
    private readonly answers: AccountAnswers,
  ) {}

  /**
   * A page may be shorter than `limit` without being the last, when few of many accounts are in the state.
   * @param after the key after which it begins; `null` for the first.
   * @throws AppError `STORE_UNAVAILABLE` when `dead` or `waiting` is asked for, which only the store knows.
   */
  async page(filter: AccountFilter, after: string | null, limit: number): Promise<KfAccountPageAnswer> {
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

  /** @returns `null` where the store does not answer in time, too. */
  async findHint(puppet: Puppet): Promise<HintHead | null> {
    const hints = await this.#findHints([puppet]);
    return hints?.get(accountKey(puppet)) ?? null;
  }

  async #toPage(found: readonly Found[], nextPosition: string | null) {
    const unasked = found.filter(({ hint }) => hint === undefined).map(({ puppet }) => puppet);
    const hints = await this.#findHints(unasked);
    const items = found.map(({ puppet, hint = hints?.get(accountKey(puppet)) }) =>
      this.answers.toAnswer(puppet, hint ?? null),
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
    const candidates = matching.filter(({ online }) => online === (state === 'online'));
    const hints = await this.#findHints(candidates);
    const calm = candidates.filter((puppet) => !hints?.has(accountKey(puppet)));
    return { found: calm.map((puppet) => ({ puppet, hint: null })), asked: candidates.length, end };
  }

  async #hinted(states: readonly HintState[], filter: AccountFilter, after: string): Promise<Slice> {
    const { corpId, text } = filter;
    const page = await this.outbox.list({ states, corpId }, after, SLICE);
    const found = page.hints.flatMap((hint) => {
      const { puppet } = this.destinations.find(hint);
      return puppet !== null && hasText(puppet, text) ? [{ puppet, hint }] : [];
    });
    return { found, asked: SLICE, end: page.cursor };
  }

  /** @returns `null` where the store does not answer in time. */
  async #findHints(puppets: readonly Puppet[]): Promise<ReadonlyMap<string, HintHead> | null> {
    if (puppets.length === 0) return new Map();
    try {
      return await withinDeadline(
        ASK_LIMIT_MS,
        'find hints of accounts',
        this.outbox.findHeads(puppets.map(hintKey)),
      );
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
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
