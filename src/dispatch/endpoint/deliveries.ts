import { Injectable } from '@nestjs/common';
import { StoreClock } from '../../kernel/store-clock.js';
import type { DeliveryRecord, RecordForm } from '../../record/delivery-record.js';
import { DeliveryRecorder } from '../../record/delivery-recorder.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { AccountHistory } from '../../registry/puppets/account-history.js';
import type { Parcel } from './parcel.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import type { AttemptResult } from './attempt.js';
import { type AttemptCounts, type AttemptSlot, NO_ATTEMPTS, RecentAttempts } from './recent-attempts.js';
import { type DeliveryOccasion, type Failure, toFailure } from '../../queue/failure.js';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { SpacedTimes } from '../../kernel/spaced-times.js';
import { type CountedHours, HourCounts } from './hour-counts.js';

/** Accounts, and addresses, whose deliveries are remembered; a further one replaces the one that was seen first. */
const ACCOUNTS_MAX = 100_000;

/** One attempt that this process made. */
export interface Delivery {
  /** Counted from 1. */
  readonly number: number;
  /** When it ended, store time. */
  readonly atMs: number;
  readonly corpId: string;
  readonly openKfId: string;
  /** As it was registered, or given for a bot. */
  readonly endpoint: string;
  readonly occasion: DeliveryOccasion;
  /** `null` for a puppet that registered with no bot's key. */
  readonly botId: string | null;
  /** Whether the manager pulled in place of the bot. */
  readonly isPulled: boolean;
  /** Counted from 1. */
  readonly attempt: number;
  /** Whether it was sent as it came, encrypted. */
  readonly isRaw: boolean;
  readonly eventId: string;
  readonly result: AttemptResult;
  readonly durationMs: number;
  /** A customer's message asks for a reply. An event may stand for one; `null` for what nobody has to answer. */
  readonly asks: 'message' | 'event' | null;
}

type DeliveredTo = Pick<Destination, 'corpId' | 'openKfId' | 'address' | 'bot' | 'isPulled'> &
  Partial<Pick<Destination, 'puppet'>>;

/** What the puppet of an account took last. */
export type LastTaken = Pick<Delivery, 'atMs' | 'durationMs' | 'occasion'> & { readonly status: number };

export interface LastDeliveries {
  readonly taken: LastTaken | null;
  readonly failure: Failure | null;
  readonly lastHour: AttemptCounts;
}

/** What a process has seen of an account, an address or a bot. */
export interface SeenAttempts extends Pick<LastDeliveries, 'taken' | 'failure'>, SeenTaken {
  readonly id: string;
  /** `''` for an address and a bot. */
  readonly corpId: string;
  readonly slots: readonly AttemptSlot[];
}

export interface SeenTaken {
  /** When an event was taken last, store time; 0 for never. Tests do not count. */
  readonly eventTakenAtMs: number;
  /** Of an account: what its bot took that asks for a reply. An earlier version wrote none. */
  readonly asked?: AskedTimes;
  /** Of an account: how much its bot took. */
  readonly hours?: CountedHours;
}

/**
 * When an account's bot was given what it took and what asks for a reply: some of the times, rising, with the first and the last. A
 * bot may reply before it has taken that.
 */
export interface AskedTimes {
  /** Customers' messages. */
  readonly messages: readonly number[];
  /** Events, of which it is not known what they tell of. */
  readonly events: readonly number[];
}

const NEVER: LastDeliveries = Object.freeze({ taken: null, failure: null, lastHour: NO_ATTEMPTS });

/**
 * Tells of the attempts of this process, on all occasions, and remembers the last ones of each account. Every delivery
 * passes here, so it computes nothing before somebody looks. It keeps only the ids of events, which may be large, and no
 * secret of a puppet.
 */
@Injectable()
export class Deliveries implements AccountHistory {
  readonly #accounts = new Map<string, Account>();
  readonly #bots = new Map<string, Account>();
  /** By address. */
  readonly #endpoints = new Map<string, Account>();
  readonly #listeners = new Set<(delivery: Delivery) => void>();
  /** How many events bots that operators added are at work on, by account. */
  readonly #atWork = new Map<string, number>();
  #count = 0;

  constructor(
    private readonly metrics: DispatchMetrics,
    private readonly recorder: DeliveryRecorder,
    private readonly wecom: WecomMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /** An attempt begins; `ended` tells of its end. */
  began(to: DeliveredTo, occasion: DeliveryOccasion): void {
    if (isWork(to, occasion)) this.#countWork(to, 1);
  }

  /** Whether a bot that an operator added is being told of an event of the account; tests do not count. */
  isAtWork(account: Addressee): boolean {
    return this.#atWork.size > 0 && this.#atWork.has(accountKey(account));
  }

  /** @returns what was recorded. */
  ended(
    to: DeliveredTo,
    { id, attempt, body }: Parcel,
    occasion: DeliveryOccasion,
    result: AttemptResult,
    durationMs: number,
  ): Delivery {
    if (isWork(to, occasion)) this.#countWork(to, -1);
    if (occasion !== 'test') this.metrics.attempted(occasion, result, durationMs / 1_000);
    const delivery: Delivery = {
      number: ++this.#count,
      atMs: this.storeClock.nowMs(),
      corpId: to.corpId,
      openKfId: to.openKfId,
      endpoint: to.address,
      occasion,
      botId: botIdOf(to),
      isPulled: to.isPulled,
      attempt,
      isRaw: body.kind === 'event' && body.raw !== null,
      eventId: id,
      result,
      durationMs,
      asks: asksFor(body, occasion),
    };
    const [ofAccount, ofAddress] = [this.#accountOf(to), recordIn(this.#endpoints, to.address)];
    const ofBot = to.bot === null ? null : recordIn(this.#bots, to.bot.id);
    ofAddress.note(delivery);
    // A pull only shows whether WeCom gave messages. Whether the bot takes them is the attempt of each message.
    if (to.isPulled) {
      ofAccount.notePull(delivery);
      ofBot?.notePull(delivery);
    } else {
      ofAccount.note(delivery);
      if (result.taken && delivery.asks !== null)
        ofAccount.noteAsked(
          delivery.asks,
          Math.floor(delivery.atMs - durationMs),
          this.wecom.outcomes.repliedAtMs(to),
        );
      ofBot?.note(delivery);
    }
    if (this.recorder.isOn) this.recorder.add(toRecord(delivery));
    if (this.#listeners.size > 0) for (const tell of this.#listeners) tell(delivery);
    return delivery;
  }

  #countWork(account: Addressee, more: 1 | -1): void {
    const key = accountKey(account);
    const count = (this.#atWork.get(key) ?? 0) + more;
    if (count > 0) this.#atWork.set(key, count);
    else this.#atWork.delete(key);
  }

  lastOf({ openKfId, corpId }: Pick<Puppet, 'openKfId' | 'corpId'>): LastDeliveries {
    const known = this.#accounts.get(openKfId);
    return known?.corpId === corpId ? known.toLast(this.storeClock.nowMs()) : NEVER;
  }

  /** The last deliveries to an address, of all its accounts. */
  ofEndpoint(address: string): LastDeliveries {
    return this.#endpoints.get(address)?.toLast(this.storeClock.nowMs()) ?? NEVER;
  }

  /** The attempts at a bot, on all its accounts. */
  ofBot(id: string): LastDeliveries & { readonly attempts: Readonly<Record<'taken' | 'not_taken', number>> } {
    const record = this.#bots.get(id);
    if (record === undefined) return { ...NEVER, attempts: { taken: 0, not_taken: 0 } };
    return { ...record.toLast(this.storeClock.nowMs()), attempts: record.attempts };
  }

  forget(openKfId: string): void {
    this.#accounts.delete(openKfId);
  }

  accountsOf(corpId: string): readonly string[] {
    return [...this.#accounts].flatMap(([openKfId, account]) =>
      account.corpId === corpId ? [openKfId] : [],
    );
  }

  /** When an event of each corp was last taken, store time; tests do not count. Scans all accounts. */
  lastTakenByCorp(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const { corpId, eventTakenAtMs } of this.#accounts.values())
      if (eventTakenAtMs > (times.get(corpId) ?? 0)) times.set(corpId, eventTakenAtMs);
    return times;
  }

  /** `null` where nothing was attempted. */
  takenOf({ openKfId, corpId }: Addressee): SeenTaken | null {
    const known = this.#accounts.get(openKfId);
    return known?.corpId === corpId ? known.toTaken() : null;
  }

  /** All accounts for which something was attempted. */
  accounts(): readonly Addressee[] {
    return [...this.#accounts].map(([openKfId, { corpId }]) => ({ corpId, openKfId }));
  }

  /** The addresses at which something was taken since then, store time; tests count. Scans all addresses. */
  *endpointsTakingSince(sinceMs: number): Generator<string> {
    for (const [address, { takenAtMs }] of this.#endpoints) if (takenAtMs >= sinceMs) yield address;
  }

  /** What was attempted since then, store time; tests count. Scans all. */
  *seenSince(list: 'accounts' | 'addresses' | 'bots', sinceMs: number): Generator<SeenAttempts> {
    const seen = { accounts: this.#accounts, addresses: this.#endpoints, bots: this.#bots }[list];
    for (const [id, account] of seen) if (account.seenAtMs >= sinceMs) yield account.toSeen(id);
  }

  /**
   * For pages that show deliveries as they end.
   * @param tell is called with each delivery from now on, in the turn in which it ended.
   * @returns a function that ends this.
   */
  listen(tell: (delivery: Delivery) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  #accountOf({ openKfId, corpId }: Pick<Destination, 'corpId' | 'openKfId'>): Account {
    const known = this.#accounts.get(openKfId);
    if (known !== undefined && known.corpId === corpId) return known;
    return addTo(this.#accounts, openKfId, new Account(corpId));
  }
}

function recordIn(records: Map<string, Account>, key: string): Account {
  return records.get(key) ?? addTo(records, key, new Account(''));
}

function addTo(records: Map<string, Account>, key: string, added: Account): Account {
  records.set(key, added);
  const [first] = records.size > ACCOUNTS_MAX ? records.keys() : [];
  if (first !== undefined) records.delete(first);
  return added;
}

/** Changed in place, so that a delivery leaves no garbage behind. */
class Account {
  readonly attempts = { taken: 0, not_taken: 0 };
  eventTakenAtMs = 0;
  takenAtMs = 0;
  #status = 0;
  #durationMs = 0;
  #occasion: DeliveryOccasion = 'inline';
  #failure: Failure | null = null;
  readonly #recent = new RecentAttempts();
  /** Of an account alone, once its bot has taken something. */
  #taken: { messages: SpacedTimes; events: SpacedTimes; hours: HourCounts } | null = null;

  constructor(readonly corpId: string) {}

  note({ result, atMs, durationMs, occasion }: Delivery): void {
    this.attempts[result.taken ? 'taken' : 'not_taken']++;
    if (occasion !== 'test') this.#recent.note(atMs, result.taken, durationMs);
    if (!result.taken) {
      this.#failure = toFailure(atMs, result.stage, result.reason, result.status);
      return;
    }
    if (occasion !== 'test') this.#noteTaken(atMs);
    // Whether the service works is not known by it.
    if (result.isUnasked === true) return;
    this.takenAtMs = atMs;
    this.#status = result.status;
    this.#durationMs = durationMs;
    this.#occasion = occasion;
  }

  #noteTaken(atMs: number): void {
    this.eventTakenAtMs = atMs;
    if (this.corpId === '') return;
    this.#taken ??= { messages: new SpacedTimes(), events: new SpacedTimes(), hours: new HourCounts() };
    this.#taken.hours.add(atMs);
  }

  noteAsked(asks: 'message' | 'event', givenAtMs: number, repliedAtMs: number): void {
    this.#taken?.[asks === 'message' ? 'messages' : 'events'].add(givenAtMs, repliedAtMs);
  }

  /**
   * A pull that failed is why the bot gets nothing. A pull that succeeded does not count: the bot has taken nothing
   * by it.
   */
  notePull({ result, atMs }: Delivery): void {
    if (!result.taken) this.#failure = toFailure(atMs, result.stage, result.reason, result.status);
  }

  get seenAtMs(): number {
    return Math.max(this.takenAtMs, this.eventTakenAtMs, this.#failure?.atMs ?? 0);
  }

  toLast(nowMs: number): LastDeliveries {
    return { taken: this.#lastTaken, failure: this.#failure, lastHour: this.#recent.counts(nowMs) };
  }

  toSeen(id: string): SeenAttempts {
    const { corpId } = this;
    const slots = this.#recent.slots();
    return { id, corpId, slots, taken: this.#lastTaken, failure: this.#failure, ...this.toTaken() };
  }

  toTaken(): SeenTaken {
    const { eventTakenAtMs } = this;
    if (this.#taken === null) return { eventTakenAtMs };
    const { messages, events, hours } = this.#taken;
    return {
      eventTakenAtMs,
      asked: { messages: messages.all(), events: events.all() },
      hours: hours.toJSON(),
    };
  }

  get #lastTaken(): LastTaken | null {
    if (this.takenAtMs === 0) return null;
    const [status, durationMs, occasion] = [this.#status, this.#durationMs, this.#occasion];
    return { atMs: this.takenAtMs, status, durationMs, occasion };
  }
}

function asksFor(body: Parcel['body'], occasion: DeliveryOccasion): Delivery['asks'] {
  if (occasion === 'test') return null;
  if (body.kind === 'message') return body.isOfCustomer ? 'message' : null;
  return 'event';
}

/** Whether a bot that may pull by itself is told of an event. */
function isWork(to: DeliveredTo, occasion: DeliveryOccasion): boolean {
  return botIdOf(to) !== null && !to.isPulled && occasion !== 'test' && occasion !== 'message';
}

function botIdOf({ bot, puppet }: DeliveredTo): string | null {
  return bot?.id ?? (puppet?.botId || null);
}

/** An attempt in the delivery log. */
function toRecord(delivery: Delivery): DeliveryRecord {
  const { atMs, corpId, openKfId, eventId, occasion, attempt, endpoint, result, durationMs } = delivery;
  return {
    kind: 'attempt',
    atMs,
    corpId,
    openKfId,
    webhookId: eventId,
    outcome: result.taken ? 'taken' : 'not_taken',
    form: formOf(delivery),
    occasion,
    attempt,
    endpoint: endpoint === '' ? null : withoutQuery(endpoint),
    status: result.status ?? null,
    stage: result.taken ? null : result.stage,
    reason: result.taken ? null : result.reason,
    durationMs,
    source: null,
    onlyAttempt: null,
  };
}

function formOf({ occasion, isRaw }: Delivery): RecordForm {
  if (occasion === 'message') return 'message';
  return isRaw ? 'encrypted' : 'decrypted';
}

/** The query of a bot's URL may have a key. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}
