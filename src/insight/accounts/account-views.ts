import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import type { LastDeliveries } from '../../dispatch/endpoint/deliveries.js';
import type { HintHead } from '../../queue/event.js';
import { EventQueue } from '../../queue/event-queue.js';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { accountKey, type Addressee, readAccountKey, toAddressee } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import {
  type Destination,
  Destinations,
  type MessageDestination,
} from '../../registry/accounts/destination.js';
import { STREAM_ORIGIN } from '../../registry/endpoint/endpoint.js';
import { listedIn } from '../../registry/bots/bot.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { LINE_STATES, lineKey } from '../../storage/queue/line.js';
import type { Failure } from '../../queue/failure.js';
import type { AccountEntries, EntryCounts } from '../../storage/queue/entry.js';
import type { AccountReplies, Outcome, Subject } from '../../wecom/outcomes/outcome.js';
import { WecomAccounts } from '../../wecom/wecom-accounts.js';
import { AllFigures } from '../figures/all-figures.js';
import { type CustomerCount, CustomerCounts } from './customer-counts.js';
import { insightConfig } from './insight.config.js';
import { type AccountStatesAnswer, NO_ACCOUNTS, type ServedBy } from './account.dto.js';
import { type AccountFacts, judge, type Judged } from './account-state.js';

/** Accounts that are judged in one turn of the event loop, and hints that are read at once. */
const SLICE = 1_000;
const HINTS_MAX = 20_000;
/** Callers report other things too, so they do not wait longer than this for the store. */
const STORE_LIMIT_MS = 1_000;
const STORE_AGE_MS_MAX = 2_000;
/** All sessions are counted. */
const CUSTOMERS_AGE_MS_MAX = 5_000;
/** So little of the time goes into very many accounts, whoever asks. */
const SHARE_OF_TIME = 0.05;
const AGE_MS_MAX = 5_000;

/** An account, and what is so of it now. */
export interface AccountView extends Addressee {
  /** As WeCom has it, or as its puppet registered it. */
  readonly name: string | null;
  readonly inWecom: boolean | null;
  readonly servedBy: ServedBy;
  readonly bot: KnownBot | null;
  readonly puppet: Puppet | null;
  readonly address: string | null;
  readonly isCircuitOpen: boolean;
  readonly hint: HintHead | null;
  readonly messages: EntryCounts | null;
  readonly replies: AccountReplies;
  /** When its bot last took something; 0 for never. */
  readonly takenAtMs: number;
  readonly judged: Judged;
  /** `null` where its bot shares no customers with people, or the store does not answer. */
  readonly customers: CustomerCount | null;
}

export interface AccountViewList {
  readonly views: readonly AccountView[];
  /** False where the store does not answer: what waits is not known. */
  readonly isStored: boolean;
}

/** One of them; `null` for an account of which nobody knows anything. */
export interface FoundAccount extends Pick<AccountViewList, 'isStored'> {
  readonly view: AccountView | null;
}

/** What is looked up once for all accounts. */
interface Context {
  readonly hints: ReadonlyMap<string, HintHead> | null;
  readonly messages: ReadonlyMap<string, EntryCounts> | null;
  /** By bot, or by corp for those without one. */
  readonly tokens: ReadonlyMap<string, Outcome>;
  /** The same for callers that WeCom does not answer, or allows nothing. */
  readonly wecom: ReadonlyMap<string, Outcome>;
  /** By account. */
  readonly calls: ReadonlyMap<string, Outcome>;
  /** By bot. */
  readonly agents: ReadonlyMap<string, Failure>;
  /** By corp. */
  readonly inWecom: ReadonlyMap<string, ReadonlyMap<string, string> | null>;
  readonly customers: ReadonlyMap<string, CustomerCount> | null;
}

/** A failure that is older says nothing of now: nobody has written since. */
const AGENT_FAILED_MS = 3_600_000;
const OF_SERVICES: ReadonlySet<string> = new Set(['key', 'quota', 'busy', 'timeout']);

const NO_CUSTOMERS: CustomerCount = { bot: 0, pool: 0, people: 0, poolSinceMs: null };

/** Every account of every app, with its state: who serves it, what it took, whether replies went out, as far as all replicas have seen. */
@Injectable()
export class AccountViews {
  readonly #latest: Recent<AccountViewList>;
  readonly #hints: Recent<ReadonlyMap<string, HintHead> | null>;
  readonly #customers: Recent<ReadonlyMap<string, CustomerCount> | null>;
  #ageMsMax = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly figures: AllFigures,
    private readonly queue: EventQueue,
    private readonly counts: QueueCounts,
    private readonly wecomAccounts: WecomAccounts,
    @Inject(insightConfig.KEY) private readonly config: ConfigType<typeof insightConfig>,
    clock: Clock,
    private readonly storeClock: StoreClock,
    customerCounts: CustomerCounts,
  ) {
    this.#latest = new Recent(clock, async () => {
      const startedMs = clock.elapsedMs();
      const list = await this.#judgeAll();
      this.#ageMsMax = list.views.length <= SLICE ? 0 : (clock.elapsedMs() - startedMs) / SHARE_OF_TIME;
      return list;
    });
    this.#hints = new Recent(clock, () => answerInTime(STORE_LIMIT_MS, 'list hints', this.#readHints()));
    this.#customers = new Recent(clock, async () => {
      const isShared = this.bots.list().some(({ session }) => session != null);
      if (!isShared) return null;
      return answerInTime(STORE_LIMIT_MS, 'count customers', customerCounts.read());
    });
  }

  /** As of now; of more than 1,000 accounts up to 5 s old. */
  list(): Promise<AccountViewList> {
    return this.#latest.latest(Math.min(this.#ageMsMax, AGE_MS_MAX));
  }

  /** One account, with what waits for it now: what `list` has of that may be 2 s old. */
  async find(account: Addressee): Promise<FoundAccount> {
    const [context, hints] = await Promise.all([
      this.#lookUp(),
      answerInTime(STORE_LIMIT_MS, 'find the hint of an account', this.#readHint(account)),
    ]);
    const now = { ...context, hints };
    return { view: this.#judge(account, now), isStored: isStored(now) };
  }

  async #judgeAll(): Promise<AccountViewList> {
    const context = await this.#lookUp();
    const keys = await this.#keys(context);
    const views: AccountView[] = [];
    let left = SLICE;
    for (const key of keys) {
      const view = this.#judge(readAccountKey(key), context);
      if (view !== null) views.push(view);
      if (--left > 0) continue;
      left = SLICE;
      await nextTurn();
    }
    return { views, isStored: isStored(context) };
  }

  async #lookUp(): Promise<Context> {
    const [hints, messages, customers] = await Promise.all([
      this.#hints.latest(STORE_AGE_MS_MAX),
      this.counts.messagesByAccount(STORE_AGE_MS_MAX),
      this.#customers.latest(CUSTOMERS_AGE_MS_MAX),
    ]);
    const failing = this.figures.failingCallers();
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
      hints,
      customers,
      messages: messages && new Map(messages.map((one: AccountEntries) => [accountKey(one), one])),
      tokens: byCaller('token'),
      wecom: byCaller('gettoken', 'call'),
      calls: new Map(calls),
      agents: this.#failingAgents(),
      inWecom: this.#readWecom(),
    };
  }

  #readWecom(): Context['inWecom'] {
    const { wecomAccounts } = this;
    return new Map(
      wecomAccounts.corpIds().map((corpId) => {
        const known = wecomAccounts.known(corpId);
        return [corpId, known && new Map(known.map(({ openKfId, name }) => [openKfId, name]))];
      }),
    );
  }

  /** Agents whose service failed last, in a way that its operator has to look after. */
  #failingAgents(): ReadonlyMap<string, Failure> {
    const sinceMs = this.storeClock.nowMs() - AGENT_FAILED_MS;
    const agents = this.bots.list().filter(({ kind }) => kind === 'agent');
    return new Map(
      agents.flatMap(({ id }) => {
        const { failure, taken } = this.figures.ofBot(id);
        const isLast = failure !== null && failure.atMs >= Math.max(sinceMs, taken?.atMs ?? 0);
        return isLast && OF_SERVICES.has(failure.stage) ? [[id, failure] as const] : [];
      }),
    );
  }

  /** The keys of all accounts that are known: those of WeCom's lists, of puppets and of bots, and those for which something came. */
  async #keys({ hints, messages, inWecom }: Context): Promise<ReadonlySet<string>> {
    const keys = new Set<string>([...(hints?.keys() ?? []), ...(messages?.keys() ?? [])]);
    for (let after: string | null = ''; after !== null;) {
      const slice = await this.accounts.list(after, null, SLICE);
      for (const puppet of slice) keys.add(accountKey(puppet));
      const last = slice.at(-1);
      after = last === undefined || slice.length < SLICE ? null : accountKey(last);
      if (after !== null) await nextTurn();
    }
    for (const bot of this.bots.list())
      for (const openKfId of listedIn(bot)) keys.add(accountKey({ corpId: bot.corpId, openKfId }));
    for (const key of this.figures.accountKeys()) keys.add(key);
    await nextTurn();
    for (const [corpId, names] of inWecom)
      for (const openKfId of names?.keys() ?? []) keys.add(accountKey({ corpId, openKfId }));
    return keys;
  }

  /** @returns `null` for an account of which nobody knows anything any more. */
  #judge(account: Addressee, context: Context): AccountView | null {
    const { corpId, openKfId } = account;
    const key = accountKey(account);
    const hint = context.hints?.get(key) ?? null;
    const messages = context.messages?.get(key) ?? null;
    const names = context.inWecom.get(corpId) ?? null;
    const served = this.#servedOf(account);
    const isListed = names?.has(openKfId) === true;
    if (
      served.servedBy === 'nobody' &&
      served.puppet === null &&
      !isListed &&
      hint === null &&
      messages === null
    )
      return null;
    const { bot, servedBy, destination, taker } = served;
    const replies = this.figures.repliesOf(account);
    const taken = this.figures.takenOf(account);
    const isServed = servedBy === 'bot' || servedBy === 'puppet';
    const facts: AccountFacts = {
      servedBy,
      offline:
        isServed && isAway(destination, taker) ? { sinceMs: served.puppet?.lastOnlineAtMs ?? null } : null,
      isPaused: isServed && bot?.paused === true,
      isCircuitOpen: this.#isCircuitOpen(destination, taker),
      passesReplies: bot !== null && isServed && (bot.api === 'manager' || bot.takes === 'message'),
      takesMessages: bot?.takes === 'message',
      isStoreAway: isServed && context.hints === null && context.messages === null,
      // What failed says nothing of now once nobody has the account.
      replies: isServed ? replies : { ...replies, replyFailure: null, noAccount: null },
      taken,
      hint,
      messages,
      tokenRefused: isServed ? (context.tokens.get(bot?.id ?? corpId) ?? null) : null,
      wecomFails: isServed ? (context.wecom.get(bot?.id ?? corpId) ?? null) : null,
      callsFail: isServed && bot !== null ? ofBot(context.calls.get(key), bot) : null,
      agentFails: isServed && bot !== null ? (context.agents.get(bot.id) ?? null) : null,
      customers: sharedBy(bot) && context.customers ? (context.customers.get(key) ?? NO_CUSTOMERS) : null,
      lastFailure: lastFailureOf(this.figures.deliveriesOf(account)),
    };
    const times = {
      nowMs: this.storeClock.nowMs(),
      knownUntilMs: this.figures.knownUntilMs,
      replyWithinMs: this.config.replyWithinMs,
      peopleWaitAlarmMs: this.config.peopleWaitAlarmMs,
    };
    return {
      ...{ corpId, openKfId, servedBy, bot, hint, messages, replies },
      isCircuitOpen: facts.isCircuitOpen,
      name: names?.get(openKfId) || served.puppet?.name || null,
      inWecom: names === null ? null : isListed,
      puppet: served.puppet,
      address: toShown(taker?.address ?? destination.address),
      takenAtMs: taken.atMs,
      judged: judge(facts, times),
      customers: facts.customers,
    };
  }

  /** Who takes its events. */
  servedBy(account: Addressee): ServedBy {
    return this.#servedOf(account).servedBy;
  }

  #servedOf(account: Addressee) {
    const { corpId, openKfId } = account;
    const destination = this.destinations.find(account);
    const listed = this.bots.findListed(corpId, openKfId);
    const puppet = this.accounts.find(account);
    const taker = destination.isPulled ? this.destinations.findForMessages(account) : null;
    const of = (servedBy: ServedBy, bot: KnownBot | null) => ({ servedBy, bot, puppet, destination, taker });
    if (destination.state === 'unserved') return of('people', listed ?? this.bots.findOfOthers(corpId));
    if (destination.bot !== null) return of('bot', destination.bot);
    if (destination.puppet !== null) return of('puppet', this.bots.find(destination.puppet.botId));
    // It is the bot's, and no puppet has registered with its key.
    return listed === null ? of('nobody', null) : of('bot', listed);
  }

  #isCircuitOpen(destination: Destination, taker: MessageDestination | null): boolean {
    const isOpen = this.botEndpoints.to(destination)?.isOpen === true;
    return isOpen || (taker?.endpoint != null && this.botEndpoints.circuits.isOpen(taker.endpoint.href));
  }

  async #readHint(account: Addressee): Promise<ReadonlyMap<string, HintHead>> {
    const keys = [lineKey('event', account)];
    const { hints } = await this.queue.list({ states: LINE_STATES, corpId: null, keys }, null, 1);
    return new Map(hints.map((hint) => [accountKey(toAddressee(hint)), hint]));
  }

  async #readHints(): Promise<ReadonlyMap<string, HintHead>> {
    const hints = new Map<string, HintHead>();
    for (let cursor: string | null = null; hints.size < HINTS_MAX;) {
      const page = await this.queue.list({ states: LINE_STATES, corpId: null }, cursor, SLICE);
      for (const hint of page.hints) hints.set(accountKey(toAddressee(hint)), hint);
      ({ cursor } = page);
      if (cursor === null) break;
    }
    return hints;
  }
}

function isStored({ hints, messages }: Pick<Context, 'hints' | 'messages'>): boolean {
  return hints !== null && messages !== null;
}

function isAway(destination: Destination, taker: MessageDestination | null): boolean {
  const { state } = taker ?? destination;
  return state === 'offline' || state === 'absent';
}

function sharedBy(bot: KnownBot | null): boolean {
  return bot?.takes === 'message' && bot.session !== null;
}

function lastFailureOf({ failure, taken }: LastDeliveries): Failure | null {
  return failure !== null && failure.atMs > (taken?.atMs ?? 0) ? failure : null;
}

function ofBot(outcome: Outcome | undefined, bot: KnownBot): Outcome | null {
  return outcome?.botId === bot.id ? outcome : null;
}

export function statesOf(views: readonly AccountView[]): AccountStatesAnswer {
  const counts = { ...NO_ACCOUNTS };
  for (const { judged } of views) counts[judged.state]++;
  return counts;
}

/** A stream has none. */
function toShown(address: string): string | null {
  return address === '' || address.startsWith(STREAM_ORIGIN) ? null : address;
}
