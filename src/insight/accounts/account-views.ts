import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type LastDeliveries, Past } from '../../log/past.js';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { HintHead } from '../../queue/event.js';
import type { Failure } from '../../queue/failure.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import type { Subject, WecomOutcome } from '../../log/outcome.js';
import type { UnansweredCount } from '../../log/unanswered-customers.js';
import { type AccountReplies, failingCallers, repliesOf } from '../../wecom/outcomes/outcome.js';
import { type AccountServer, AccountServers } from './account-servers.js';
import { ACCOUNT_STATES, type AccountState } from './account-states.js';
import { type AccountFacts, judge, type Judgement, type Times } from './account-state.js';
import { AccountWaits, type Waits } from './account-waits.js';
import { type CustomerCount, NO_CUSTOMERS } from './customer-counts.js';
import { insightConfig } from './insight.config.js';
import { type UnknownAccounts, UnknownAccountCounts } from './unknown-accounts.js';

/** Accounts that are judged in one turn of the event loop. */
const SLICE = 1_000;
/** A customer without a word waits for long after so many times `REPLY_WITHIN_S`. */
const LONG = 10;
/** So little of the time goes into very many accounts, whoever asks. */
const SHARE_OF_TIME = 0.05;
const AGE_MS_MAX = 5_000;

/** An account, and what is so of it now. */
export interface AccountView extends Addressee, Omit<AccountServer, 'isAway'> {
  /** As WeCom has it, or as its puppet registered it. */
  readonly name: string | null;
  readonly inWecom: boolean | null;
  readonly hint: HintHead | null;
  readonly messages: EntryCounts | null;
  readonly replies: AccountReplies;
  /** When its bot last took something; 0 for never. */
  readonly takenAtMs: number;
  readonly judged: Judgement;
  /** `null` where its bot shares no customers with people, or the store does not answer. */
  readonly customers: CustomerCount | null;
  /** `null` where its program reads messages by itself, so that it is not known who wrote. */
  readonly unanswered: UnansweredCount | null;
}

export interface AccountViewList {
  readonly views: readonly AccountView[];
  /** False where the store does not answer: what waits is not known. */
  readonly isStored: boolean;
  readonly unknown: UnknownAccounts;
}

/** One of them; `null` for an account of which nobody knows anything. */
export interface FoundAccount extends Pick<AccountViewList, 'isStored'> {
  readonly view: AccountView | null;
}

/** What is looked up once for all accounts. */
interface Context extends Waits {
  /** By bot, or by corp for those without one. */
  readonly tokens: ReadonlyMap<string, WecomOutcome>;
  /** The same for callers that WeCom does not answer, or allows nothing. */
  readonly wecom: ReadonlyMap<string, WecomOutcome>;
  /** By account. */
  readonly calls: ReadonlyMap<string, WecomOutcome>;
}

/** A failure that is older says nothing of now: nobody has written since. */
const AGENT_FAILED_MS = 3_600_000;
const OF_SERVICES: ReadonlySet<string> = new Set(['key', 'quota', 'busy', 'timeout']);

/** Every account of every app, with its state: who serves it, what it took, whether replies went out, as far as all replicas have seen. */
@Injectable()
export class AccountViews {
  readonly #latest: Recent<AccountViewList>;
  #ageMsMax = 0;

  constructor(
    private readonly servers: AccountServers,
    private readonly waits: AccountWaits,
    private readonly past: Past,
    private readonly known: KnownAccounts,
    private readonly unknown: UnknownAccountCounts,
    @Inject(insightConfig.KEY) private readonly config: ConfigType<typeof insightConfig>,
    clock: Clock,
    private readonly storeClock: StoreClock,
  ) {
    this.#latest = new Recent(clock, async () => {
      const startedMs = clock.elapsedMs();
      const list = await this.#judgeAll();
      this.#ageMsMax = list.views.length <= SLICE ? 0 : (clock.elapsedMs() - startedMs) / SHARE_OF_TIME;
      return list;
    });
  }

  /** As of now; of more than 1,000 accounts up to 5 s old. */
  list(): Promise<AccountViewList> {
    return this.#latest.latest(Math.min(this.#ageMsMax, AGE_MS_MAX));
  }

  /** One account, with what waits for it now: what `list` has of that may be 2 s old. */
  async find(account: Addressee): Promise<FoundAccount> {
    const [context, hints] = await Promise.all([this.#lookUp(), this.waits.readHint(account)]);
    const now = { ...context, hints };
    return { view: this.#judge(account, now), isStored: isStored(now) };
  }

  async #judgeAll(): Promise<AccountViewList> {
    const context = await this.#lookUp();
    const keys = await this.#keys(context);
    await this.unknown.askFor(keys, context.hints);
    const views: AccountView[] = [];
    const unknown: string[] = [];
    let left = SLICE;
    for (const key of keys) {
      const account = readAccountKey(key);
      const view = this.#judge(account, context);
      if (view !== null) views.push(view);
      else if (this.known.has(account) === false) unknown.push(key);
      if (--left > 0) continue;
      left = SLICE;
      await nextTurn();
    }
    return { views, isStored: isStored(context), unknown: this.unknown.count(unknown, context.hints) };
  }

  async #lookUp(): Promise<Context> {
    const waits = await this.waits.read();
    const failing = failingCallers(this.past.callers(), this.storeClock.nowMs());
    const byCaller = (...subjects: readonly Subject[]) =>
      new Map(
        failing
          .filter(({ subject }) => subjects.includes(subject))
          .map((one) => [one.botId ?? one.corpId, one] as const),
      );
    const calls = failing
      .filter(({ subject }) => subject === 'api')
      .map((one) => [accountKey({ corpId: one.corpId, openKfId: one.openKfId ?? '' }), one] as const);
    return {
      ...waits,
      tokens: byCaller('token'),
      wecom: byCaller('gettoken', 'call'),
      calls: new Map(calls),
    };
  }

  /** Why the service of an agent failed last, if its operator has to look after that. */
  #failureOf({ id, kind }: KnownBot): Failure | null {
    if (kind !== 'agent') return null;
    const { untaken: failure, taken } = this.past.ofBot(id);
    const sinceMs = Math.max(this.storeClock.nowMs() - AGENT_FAILED_MS, taken?.atMs ?? 0);
    return failure !== null && failure.atMs >= sinceMs && OF_SERVICES.has(failure.stage) ? failure : null;
  }

  /** The keys of all accounts that are known: those of WeCom's lists, of puppets and of bots, and those for which something came. */
  async #keys({ hints, messages }: Context): Promise<ReadonlySet<string>> {
    const keys = new Set<string>([...(hints?.keys() ?? []), ...(messages?.keys() ?? [])]);
    for await (const slice of this.servers.keys()) for (const key of slice) keys.add(key);
    for (const account of this.past.accounts()) keys.add(accountKey(account));
    await nextTurn();
    for (const [corpId, { names }] of this.known.lists())
      for (const openKfId of names.keys()) keys.add(accountKey({ corpId, openKfId }));
    return keys;
  }

  /** @returns `null` for an account that there is not, or of which nobody knows anything any more. */
  #judge(account: Addressee, context: Context): AccountView | null {
    const { corpId, openKfId } = account;
    const key = accountKey(account);
    const hint = context.hints?.get(key) ?? null;
    const messages = context.messages?.get(key) ?? null;
    const names = this.known.listOf(corpId)?.names ?? null;
    const { isAway, ...server } = this.servers.of(account);
    const { servedBy, bot, puppet, isCircuitOpen } = server;
    const isListed = names?.has(openKfId) === true;
    const isThere = this.known.has(account);
    if (isThere === false && messages === null) return null;
    if (isThere === null && servedBy === 'nobody' && hint === null && messages === null) return null;
    const replies = repliesOf(this.past, account, this.storeClock.nowMs());
    const taken = this.past.takenOf(account);
    const takesMessages = bot?.takes === 'message';
    const times = this.#times();
    const unanswered = takesMessages || taken.isRead ? this.#unanswered(account, times) : null;
    const isServed = servedBy === 'bot' || servedBy === 'puppet';
    const facts: AccountFacts = {
      offline: isServed && isAway ? { sinceMs: puppet?.lastOnlineAtMs ?? null } : null,
      isPaused: isServed && bot?.paused === true,
      isCircuitOpen,
      passesReplies: bot !== null && isServed && (bot.api === 'manager' || takesMessages),
      takesMessages,
      storeFault: isServed ? context.fault : null,
      // What failed says nothing of now once nobody has the account.
      replies: isServed ? replies : { ...replies, replyFailure: null, noAccount: null },
      taken,
      unanswered,
      hint,
      messages,
      tokenRefused: isServed ? (context.tokens.get(bot?.id ?? corpId) ?? null) : null,
      wecomFails: isServed ? (context.wecom.get(bot?.id ?? corpId) ?? null) : null,
      callsFail: isServed && bot !== null ? ofBot(context.calls.get(key), bot) : null,
      agentFails: isServed && bot !== null ? this.#failureOf(bot) : null,
      customers: sharedBy(bot) && context.customers ? (context.customers.get(key) ?? NO_CUSTOMERS) : null,
      lastUntaken: lastUntakenOf(this.past.lastOf(account)),
    };
    return {
      corpId,
      openKfId,
      ...server,
      hint,
      messages,
      replies: withPeople(replies, unanswered),
      name: names?.get(openKfId) || puppet?.name || null,
      inWecom: names === null ? null : isListed,
      takenAtMs: taken.atMs,
      judged: judge(facts, times),
      customers: facts.customers,
      unanswered,
    };
  }

  #times(): Times {
    const { replyWithinMs, peopleWaitAlarmMs } = this.config;
    const { knownUntilMs } = this.past;
    return { nowMs: this.storeClock.nowMs(), knownUntilMs, replyWithinMs, peopleWaitAlarmMs };
  }

  #unanswered(account: Addressee, { nowMs, knownUntilMs, replyWithinMs }: Times): UnansweredCount {
    const longSinceMs = knownUntilMs - LONG * replyWithinMs;
    const repliedAtMs = this.past.repliedAtMs(account);
    return this.past.customers.of(account, { nowMs, repliedAtMs, longSinceMs });
  }
}

/** The words of people are replies, too. */
function withPeople(replies: AccountReplies, unanswered: UnansweredCount | null): AccountReplies {
  const repliedAtMs = Math.max(replies.repliedAtMs ?? 0, unanswered?.repliedAtMs ?? 0);
  return { ...replies, repliedAtMs: repliedAtMs || null };
}

function isStored({ hints, messages }: Pick<Context, 'hints' | 'messages'>): boolean {
  return hints !== null && messages !== null;
}

function sharedBy(bot: KnownBot | null): boolean {
  return bot?.takes === 'message' && bot.session !== null;
}

function lastUntakenOf({ untaken, taken }: LastDeliveries): Failure | null {
  return untaken !== null && untaken.atMs > (taken?.atMs ?? 0) ? untaken : null;
}

function ofBot(outcome: WecomOutcome | undefined, bot: KnownBot): WecomOutcome | null {
  return outcome?.botId === bot.id ? outcome : null;
}

/** How many accounts are in each state. */
export function statesOf(views: readonly AccountView[]): Readonly<Record<AccountState, number>> {
  const counts = Object.fromEntries(ACCOUNT_STATES.map((state) => [state, 0])) as Record<
    AccountState,
    number
  >;
  for (const { judged } of views) counts[judged.state]++;
  return counts;
}
