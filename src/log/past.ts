/**
 * What the delivery log tells of accounts, bots and addresses: when each last took something, why it last did not, how many
 * attempts there were. The records of all replicas are added up here, in any order, and those who ask do not wait for the store.
 */
import { Injectable } from '@nestjs/common';
import type { Addressee } from '../kernel/account.js';
import { OwnedMap } from '../kernel/owned-map.js';
import { StoreClock } from '../kernel/store-clock.js';
import { type DeliveryOccasion, type Failure, toFailure } from '../queue/failure.js';
import { PULL_ORIGIN } from '../registry/endpoint/endpoint.js';
import { AskedTimes } from './asked-times.js';
import { beganMsOf, type DeliveryRecord, withoutQuery } from './delivery-record.js';
import { HourCounts } from './hour-counts.js';
import { heardTogether, type WecomOutcome, type OutcomeOf, outcomeKey, together } from './outcome.js';
import { type AttemptCounts, NO_ATTEMPTS, RecentAttempts } from './recent-attempts.js';
import type { MessageRead, TakenQuestion } from './signs.js';
import { type CustomerSign, newestMsOfCustomer, UnansweredCustomers } from './unanswered-customers.js';

/** How much is remembered. A further one replaces the one that was heard of least recently. */
export const PAST_MAX = {
  /** Of accounts, bots and addresses each. Of bots and addresses, which are added here, the first go first: every delivery passes. */
  subjects: 100_000,
  /** Accounts of a corp: 10,000 may be registered and 5,000 be at WeCom, and events that it signs can name more. */
  accountsOfCorp: 20_000,
  /** What was seen to go well or fail of callers, and of one of them: a caller can name any API. */
  calls: 10_000,
  callsOfCaller: 1_000,
};
const HEARD_TO_MS = 60_000;
/** How long it is known that a program reads messages through the manager. */
const READ_KEPT_MS = 3 * 86_400_000;

/** What the bot of an account took last. */
export interface LastTaken {
  readonly atMs: number;
  readonly durationMs: number;
  readonly occasion: DeliveryOccasion;
  readonly status: number;
}

export interface LastDeliveries {
  readonly taken: LastTaken | null;
  /** Why it got nothing: it did not take what it was sent, or nothing could be pulled for it. */
  readonly failure: Failure | null;
  /** The same without pulls. */
  readonly untaken: Failure | null;
  readonly lastHour: AttemptCounts;
}

/**
 * What an account's bot took. Of what asks for a reply there are the first and the last time since the last reply at which the bot
 * was given it: it may reply before it has taken that.
 */
export interface TakenTimes {
  /** When it last took anything but a test; 0 for never. */
  readonly atMs: number;
  /** Customers' messages that the manager gave it. */
  readonly messages: readonly number[];
  /** Events, of which it is not known what they tell of. */
  readonly events: readonly number[];
  /** Whether the manager has seen what its program reads from WeCom. */
  readonly isRead: boolean;
}

const NEVER: LastDeliveries = Object.freeze({
  taken: null,
  failure: null,
  untaken: null,
  lastHour: NO_ATTEMPTS,
});
const NOTHING_TAKEN: TakenTimes = Object.freeze({ atMs: 0, messages: [], events: [], isRead: false });

@Injectable()
export class Past {
  /** By corp and the account's id. */
  readonly #accounts = new OwnedMap<AccountPast>(PAST_MAX.accountsOfCorp, PAST_MAX.subjects);
  readonly #bots = new Map<string, AttemptPast>();
  readonly #addresses = new Map<string, AttemptPast>();
  /** By corp and bot. */
  readonly #callers = new OwnedMap<WecomOutcome>(PAST_MAX.callsOfCaller, PAST_MAX.calls);
  /** By corp and the account's id. Apart from what accounts took: events that name any account push out no reply. */
  readonly #outcomes = new OwnedMap<readonly AccountOutcome[]>(PAST_MAX.accountsOfCorp, PAST_MAX.subjects);
  readonly customers = new UnansweredCustomers();
  /** When accounts were forgotten. Records from before are about a registration that is gone. */
  readonly #forgotten = new Map<string, number>();

  /** Until when it is known what other replicas saw, store time; `null` where there can be none. */
  othersKnownUntilMs: number | null = null;

  constructor(private readonly storeClock: StoreClock) {}

  /** Until when it is known what all replicas saw, store time. */
  get knownUntilMs(): number {
    return this.othersKnownUntilMs ?? this.storeClock.nowMs();
  }

  /** Of a record that is no attempt nothing is noted. Every delivery passes here. */
  note(record: DeliveryRecord): void {
    const { kind, corpId, openKfId, botId, endpoint } = record;
    if (kind !== 'attempt' || corpId === null || openKfId === null) return;
    if (endpoint !== null) attemptsIn(this.#addresses, endpoint).note(record);
    const isPull = isPullRecord(record);
    if (botId !== null) attemptsIn(this.#bots, botId)[isPull ? 'notePull' : 'note'](record);
    if (this.#isForgotten(openKfId, record.atMs)) return;
    const account = { corpId, openKfId };
    const past = this.#pastOf(account, record.atMs);
    if (isPull) past.attempts.notePull(record);
    else past.note(record, this.repliedAtMs(account));
  }

  /** Of what went well, or failed, here and now. */
  noteOutcome(outcome: WecomOutcome): void {
    const before = this.outcomeOf(outcome);
    this.#putOutcome(before === null ? outcome : together(before, outcome));
  }

  /** The same of another replica or an earlier process, which may tell it twice. */
  hearOutcome(outcome: WecomOutcome): void {
    const before = this.outcomeOf(outcome);
    this.#putOutcome(before === null ? outcome : heardTogether(before, outcome));
  }

  #putOutcome(outcome: WecomOutcome): void {
    if (!isOfAccount(outcome)) return this.#callers.set(callerOf(outcome), outcomeKey(outcome), outcome);
    const { corpId, openKfId, subject } = outcome;
    if (this.#isForgotten(openKfId, newestMsOf(outcome))) return;
    const others = (this.#outcomes.get(corpId, openKfId) ?? []).filter((one) => one.subject !== subject);
    this.#outcomes.set(corpId, openKfId, [...others, outcome]);
  }

  noteRead({ corpId, openKfId, readAtMs }: MessageRead): void {
    if (!this.#isForgotten(openKfId, readAtMs))
      this.#pastOf({ corpId, openKfId }, readAtMs).noteRead(readAtMs);
  }

  /** A customer's message was read. @returns what is known of the customer then; `null` where the message was known. */
  noteAsked(account: Addressee, customer: string, sentAtMs: number): CustomerSign | null {
    return this.customers.asked(account, customer, sentAtMs, this.storeClock.nowMs());
  }

  /** A person's words to the customer were read. @returns as `noteAsked`. */
  noteTold(account: Addressee, customer: string, sentAtMs: number): CustomerSign | null {
    return this.customers.told(account, customer, sentAtMs, this.storeClock.nowMs());
  }

  /** WeCom took a message for the customer. */
  noteReplied(account: Addressee, customer: string): CustomerSign {
    return this.customers.replied(account, customer, this.storeClock.nowMs());
  }

  /** What another replica or an earlier process knew of a customer. */
  hearCustomer(sign: CustomerSign): void {
    if (!this.#isForgotten(sign.openKfId, newestMsOfCustomer(sign))) this.customers.hear(sign);
  }

  /** Of a replica without a delivery log. */
  noteQuestion({ corpId, openKfId, asks, times }: TakenQuestion): void {
    const account = { corpId, openKfId };
    const repliedAtMs = this.repliedAtMs(account);
    for (const atMs of times)
      if (!this.#isForgotten(openKfId, atMs))
        this.#pastOf(account, atMs).noteQuestion(asks, atMs, repliedAtMs);
  }

  /** What was seen to go well or fail of this caller, or account; `null` for nothing. */
  outcomeOf(of: OutcomeOf): WecomOutcome | null {
    if (!isOfAccount(of)) return this.#callers.get(callerOf(of), outcomeKey(of)) ?? null;
    return this.#outcomes.get(of.corpId, of.openKfId)?.find(({ subject }) => subject === of.subject) ?? null;
  }

  /** Of the calls of all bots and corps. */
  callers(): readonly WecomOutcome[] {
    return [...this.#callers.entries()].map(([, , outcome]) => outcome);
  }

  /** When WeCom last took a reply, store time; 0 for never. */
  repliedAtMs({ corpId, openKfId }: Addressee): number {
    return this.#outcomes.get(corpId, openKfId)?.find(({ subject }) => subject === 'replies')?.okAtMs ?? 0;
  }

  /** Drops everything about the account up to this time, by default now: whoever has it next may be somebody else. */
  forget(openKfId: string, atMs = this.storeClock.nowMs()): void {
    if (atMs <= (this.#forgotten.get(openKfId) ?? 0)) return;
    putLast(this.#forgotten, openKfId, atMs);
    // What is known of a later time is about whoever had it next.
    for (const [corpId, past] of this.#accounts.withKey(openKfId))
      if (past.newestMs <= atMs) this.#accounts.delete(corpId, openKfId);
    for (const [corpId, outcomes] of this.#outcomes.withKey(openKfId)) {
      this.#outcomes.delete(corpId, openKfId);
      const later = outcomes.filter((one) => newestMsOf(one) > atMs);
      if (later.length > 0) this.#outcomes.set(corpId, openKfId, later);
    }
    this.customers.forget(openKfId, atMs);
  }

  lastOf(account: Addressee): LastDeliveries {
    return this.#find(account)?.attempts.toLast(this.storeClock.nowMs()) ?? NEVER;
  }

  /** As `lastOf`, as far as these records of the account tell: they are older than what is known. */
  lastIn(records: readonly DeliveryRecord[]): LastDeliveries {
    const attempts = new AttemptPast();
    for (const record of records)
      if (record.kind === 'attempt' && !this.#isForgotten(record.openKfId ?? '', record.atMs))
        attempts[isPullRecord(record) ? 'notePull' : 'note'](record);
    return attempts.toLast(this.storeClock.nowMs());
  }

  /** Of all accounts at an address. */
  ofEndpoint(address: string): LastDeliveries {
    return this.#addresses.get(withoutQuery(address))?.toLast(this.storeClock.nowMs()) ?? NEVER;
  }

  /** Of all accounts of a bot. */
  ofBot(id: string): LastDeliveries {
    return this.#bots.get(id)?.toLast(this.storeClock.nowMs()) ?? NEVER;
  }

  takenOf(account: Addressee): TakenTimes {
    const past = this.#find(account);
    return past?.toTaken(this.storeClock.nowMs(), this.repliedAtMs(account)) ?? NOTHING_TAKEN;
  }

  /** How many events and messages the account's bot took in each of the last 24 hours, the oldest first. */
  hoursOf(account: Addressee): number[] {
    return (this.#find(account)?.hours ?? NO_HOURS).list(this.storeClock.nowMs());
  }

  /** Accounts of which something is known. */
  *accounts(): Generator<Addressee> {
    for (const [corpId, openKfId] of this.#accounts.entries()) yield { corpId, openKfId };
    for (const [corpId, openKfId] of this.#outcomes.entries())
      if (this.#find({ corpId, openKfId }) === undefined) yield { corpId, openKfId };
  }

  /** When something of the account was last delivered, or could not be; 0 for never. Store time. */
  heardAtMs(account: Addressee): number {
    return this.#find(account)?.newestMs ?? 0;
  }

  /** The same of one corp. Scans all. */
  accountsOf(corpId: string): readonly string[] {
    return [...this.accounts()].filter((one) => one.corpId === corpId).map(({ openKfId }) => openKfId);
  }

  /** When an event of each corp was last taken, store time; tests do not count. Scans all accounts. */
  takenByCorp(): ReadonlyMap<string, number> {
    const times = new Map<string, number>();
    for (const [corpId, , { takenAtMs }] of this.#accounts.entries())
      if (takenAtMs > (times.get(corpId) ?? 0)) times.set(corpId, takenAtMs);
    return times;
  }

  /** The addresses at which something was taken since then, store time; tests count. Scans all addresses. */
  *addressesTakingSince(sinceMs: number): Generator<string> {
    for (const [address, { takenAtMs }] of this.#addresses) if (takenAtMs >= sinceMs) yield address;
  }

  #isForgotten(openKfId: string, atMs: number): boolean {
    return atMs < (this.#forgotten.get(openKfId) ?? 0);
  }

  #find({ corpId, openKfId }: Addressee): AccountPast | undefined {
    return this.#accounts.get(corpId, openKfId);
  }

  /** It counts as heard of at that time, to a minute: every delivery passes here. */
  #pastOf(account: Addressee, atMs: number): AccountPast {
    const past = this.#find(account) ?? new AccountPast();
    if (atMs - past.heardAtMs < HEARD_TO_MS) return past;
    past.heardAtMs = atMs;
    this.#accounts.set(account.corpId, account.openKfId, past);
    return past;
  }
}

function isPullRecord({ endpoint }: DeliveryRecord): boolean {
  return endpoint?.startsWith(PULL_ORIGIN) === true;
}

/** Attempts at one place. Changed in place, so that a delivery leaves no garbage behind. */
class AttemptPast {
  /** What its service was not asked for does not count. */
  takenAtMs = 0;
  #status = 0;
  #durationMs = 0;
  #occasion: DeliveryOccasion = 'inline';
  #untaken: Failure | null = null;
  #unpulled: Failure | null = null;
  readonly #recent = new RecentAttempts();

  get newestMs(): number {
    return Math.max(this.takenAtMs, this.#failure?.atMs ?? 0);
  }

  get #failure(): Failure | null {
    return laterFailure(this.#untaken, this.#unpulled);
  }

  note(record: DeliveryRecord): void {
    const { outcome, atMs, durationMs, status } = record;
    const occasion = record.occasion as DeliveryOccasion;
    const isTaken = outcome === 'taken';
    if (occasion !== 'test') this.#recent.note(atMs, isTaken, durationMs);
    if (!isTaken) this.#untaken = laterFailure(this.#untaken, failureOf(record));
    // Without a status it was taken and its service was not asked: whether that works is not known by it.
    else if (status !== null && atMs >= this.takenAtMs) {
      this.takenAtMs = atMs;
      this.#status = status;
      this.#durationMs = durationMs;
      this.#occasion = occasion;
    }
  }

  /**
   * A pull that failed is why the bot gets nothing. A pull that succeeded does not count: whether the bot takes the messages is
   * the attempt of each.
   */
  notePull(record: DeliveryRecord): void {
    if (record.outcome !== 'taken') this.#unpulled = laterFailure(this.#unpulled, failureOf(record));
  }

  toLast(nowMs: number): LastDeliveries {
    const [taken, failure, untaken] = [this.#lastTaken, this.#failure, this.#untaken];
    return { taken, failure, untaken, lastHour: this.#recent.counts(nowMs) };
  }

  get #lastTaken(): LastTaken | null {
    if (this.takenAtMs === 0) return null;
    const [status, durationMs, occasion] = [this.#status, this.#durationMs, this.#occasion];
    return { atMs: this.takenAtMs, status, durationMs, occasion };
  }
}

function failureOf({ atMs, stage, reason, status }: DeliveryRecord): Failure {
  return toFailure(atMs, stage as Failure['stage'], reason ?? '', status ?? undefined);
}

/** @param next that was heard of later. */
function laterFailure(before: Failure | null, next: Failure | null): Failure | null {
  return before !== null && (next === null || next.atMs < before.atMs) ? before : next;
}

/** What an account's bot took, in the hands of one corp. */
class AccountPast {
  readonly attempts = new AttemptPast();
  /** When it was last set behind the others of its corp. */
  heardAtMs = -Infinity;
  /** When it last took anything but a test. */
  takenAtMs = 0;
  #readAtMs = 0;
  #hours: HourCounts | null = null;
  readonly #asked = { message: new AskedTimes(), event: new AskedTimes() };

  get newestMs(): number {
    return Math.max(this.takenAtMs, this.#readAtMs, this.attempts.newestMs);
  }

  get hours(): HourCounts {
    return this.#hours ?? NO_HOURS;
  }

  note(record: DeliveryRecord, repliedAtMs: number): void {
    const { outcome, occasion, atMs, asks } = record;
    this.attempts.note(record);
    if (outcome !== 'taken' || occasion === 'test') return;
    this.takenAtMs = Math.max(this.takenAtMs, atMs);
    this.#hours ??= new HourCounts();
    this.#hours.add(atMs);
    // As it is in the log, so that another replica finds the same time.
    if (asks !== null) this.#asked[asks].add(beganMsOf(record), repliedAtMs);
  }

  noteQuestion(asks: TakenQuestion['asks'], atMs: number, repliedAtMs: number): void {
    this.takenAtMs = Math.max(this.takenAtMs, atMs);
    this.#asked[asks].add(atMs, repliedAtMs);
  }

  noteRead(readAtMs: number): void {
    this.#readAtMs = Math.max(this.#readAtMs, readAtMs);
  }

  toTaken(nowMs: number, repliedAtMs: number): TakenTimes {
    const { takenAtMs: atMs } = this;
    const { message, event } = this.#asked;
    const isRead = nowMs - this.#readAtMs < READ_KEPT_MS;
    return { atMs, messages: message.list(repliedAtMs), events: event.list(repliedAtMs), isRead };
  }
}

const NO_HOURS = new HourCounts();

function attemptsIn(all: Map<string, AttemptPast>, key: string): AttemptPast {
  const known = all.get(key);
  if (known !== undefined) return known;
  const added = new AttemptPast();
  putLast(all, key, added);
  return added;
}

type AccountOutcome = WecomOutcome & { readonly openKfId: string };

function isOfAccount<T extends OutcomeOf>(of: T): of is T & { readonly openKfId: string } {
  return of.subject === 'replies' || of.subject === 'account';
}

/** A bot by its key, or else the corp. */
function callerOf({ corpId, botId }: OutcomeOf): string {
  return `${corpId} ${botId ?? ''}`;
}

function newestMsOf({ okAtMs, atMs }: WecomOutcome): number {
  return Math.max(okAtMs, atMs);
}

/** As heard of now. */
function putLast<T>(all: Map<string, T>, key: string, one: T): void {
  all.delete(key);
  all.set(key, one);
  const [first] = all.size > PAST_MAX.subjects ? all.keys() : [];
  if (first !== undefined) all.delete(first);
}
