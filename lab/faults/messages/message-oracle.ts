/**
 * Counts what became of each message, exactly. A delivery is _complete_ when the bot was given the message and answered its
 * callback 2xx. A message without one, once everything had time to drain, is lost. A second complete delivery is a
 * double. It is explained when the bot took long to answer, or a fault came while the outcome of the one before may not have been
 * stored: from just before that began until its account's next message was sent, which the manager does only when the outcome is
 * stored. Where no next message came, a slow database may have stored nothing for as long as the turn was leased.
 *
 * All times are `performance.now()` of this process, in which both WeCom and the bots live.
 */
import { LEASE_MS } from '../../../src/queue/failure.js';

export interface WrittenMessage {
  readonly openKfId: string;
  /** Within it messages go in the order of their numbers. */
  readonly lane: string;
  /** Counted from 1 within the account. */
  readonly number: number;
  /** The `webhook-id` of each of its deliveries. */
  readonly id: string;
}

/** One callback of a message, and what the bot did with it. */
export interface MessageDelivery {
  readonly id: string;
  /** `x-wxkf-attempt`. */
  readonly attempt: number;
  readonly startedAtMs: number;
  givenAtMs: number | null;
  answeredAtMs: number | null;
  /** When the account's next message came. */
  followedAtMs: number | null;
  /** The bot was killed while it read what it had asked for. */
  isCut: boolean;
}

/** When the outcome of what was under way may have been lost. */
export interface Fault {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whose; `null` for all accounts. */
  readonly openKfId: string | null;
}

interface Complete {
  readonly delivery: MessageDelivery;
  readonly atMs: number;
}

interface Fate {
  readonly message: WrittenMessage;
  readonly writtenAtMs: number;
  readonly deliveries: MessageDelivery[];
  isGiven: boolean;
  isAnswered: boolean;
}

export interface MessageVerdict {
  readonly written: number;
  readonly lost: readonly string[];
  /** The manager had answered the bot's pull, and the bot was killed before it had read it. */
  readonly lostWithBots: number;
  readonly outOfOrder: readonly string[];
  readonly doubles: number;
  readonly unexplained: readonly string[];
  /** Doubles that are said to be the first attempt. */
  readonly unmarked: readonly string[];
  /** Deliveries under an id that no message has. */
  readonly strangers: number;
  /** Deliveries of a message after one that was not complete. */
  readonly again: number;
}

/** A callback may be on its way when the process that sent it dies. */
const BEFORE_MS = 500;
/** Who answers so late may be taken for one that does not answer. */
const LATE_MS = 3_000;

export class MessageOracle {
  /** From when WeCom had a message to when its bot was given it for the first time. */
  onFirst: (delayMs: number) => void = () => {};
  readonly #fates = new Map<string, Fate>();
  readonly #byNumber = new Map<string, Fate>();
  readonly #open = new Set<Fate>();
  readonly #faults: Fault[] = [];
  readonly #latest = new Map<string, MessageDelivery>();
  /** The highest number that was given, by lane. */
  readonly #given = new Map<string, number>();
  readonly #outOfOrder: string[] = [];
  #strangers = 0;

  get written(): number {
    return this.#fates.size;
  }

  /** Messages that had no complete delivery yet. */
  get underWay(): number {
    return this.#open.size;
  }

  /** Of them, all but for those that may be lost with their bots. */
  get open(): number {
    return this.#listOpen(false).length;
  }

  /** Messages that the manager may take for delivered, while their bots were killed before they had read them. */
  get openWithBots(): number {
    return this.#listOpen(true).length;
  }

  wrote(message: WrittenMessage, atMs = performance.now()): void {
    const fate = { message, writtenAtMs: atMs, deliveries: [], isGiven: false, isAnswered: false };
    this.#fates.set(message.id, fate);
    this.#byNumber.set(keyOf(message.openKfId, message.number), fate);
    this.#open.add(fate);
  }

  /** A callback came to the bot of the account. @returns `null` when its id is that of no message. */
  called(openKfId: string, id: string, attempt: number, atMs = performance.now()): MessageDelivery | null {
    const fate = this.#fates.get(id);
    if (fate === undefined || fate.message.openKfId !== openKfId) {
      this.#strangers++;
      return null;
    }
    const before = this.#latest.get(openKfId);
    if (before !== undefined && before.id !== id) before.followedAtMs ??= atMs;
    const delivery: MessageDelivery = {
      ...{ id, attempt, startedAtMs: atMs },
      ...{ givenAtMs: null, answeredAtMs: null, followedAtMs: null, isCut: false },
    };
    fate.deliveries.push(delivery);
    this.#latest.set(openKfId, delivery);
    return delivery;
  }

  /** The bot has the whole message. */
  given(openKfId: string, number: number, atMs = performance.now()): void {
    const fate = this.#byNumber.get(keyOf(openKfId, number));
    if (fate === undefined) {
      this.#strangers++;
      return;
    }
    const delivery = fate.deliveries.at(-1);
    if (delivery !== undefined) delivery.givenAtMs ??= atMs;
    if (fate.isGiven) return;
    fate.isGiven = true;
    this.onFirst(atMs - fate.writtenAtMs);
    const { lane } = fate.message;
    const highest = this.#given.get(lane) ?? 0;
    if (number < highest) this.#outOfOrder.push(`${nameOf(fate.message)} after ${highest}`);
    else this.#given.set(lane, number);
    this.#closeIfDone(fate);
  }

  /** The bot has written a 2xx. */
  answered(delivery: MessageDelivery, atMs = performance.now()): void {
    const fate = this.#fates.get(delivery.id);
    delivery.answeredAtMs ??= atMs;
    if (fate === undefined) return;
    fate.isAnswered = true;
    this.#closeIfDone(fate);
  }

  /** The bot of the account was killed while it read an answer to `kf/sync_msg`. */
  cut(openKfId: string): void {
    const delivery = this.#latest.get(openKfId);
    if (delivery !== undefined) delivery.isCut = true;
  }

  fault(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** To be asked when everything had time to drain. */
  verdict(): MessageVerdict {
    const fates = [...this.#fates.values()];
    const doubles = fates.flatMap((fate) => doublesOf(fate).map(([before, one]) => ({ fate, before, one })));
    return {
      written: fates.length,
      lost: this.#listOpen(false).map(({ message }) => nameOf(message)),
      lostWithBots: this.openWithBots,
      outOfOrder: this.#outOfOrder,
      doubles: doubles.length,
      unexplained: doubles
        .filter(({ fate, before }) => !this.#isExplained(fate, before))
        .map(
          ({ fate, before, one }) =>
            `${nameOf(fate.message)}, attempts ${before.delivery.attempt} and ${one.delivery.attempt}, ${this.#timesOf(fate, before, one)}`,
        ),
      unmarked: doubles.filter(({ one }) => one.delivery.attempt < 2).map(({ fate }) => nameOf(fate.message)),
      strangers: this.#strangers,
      again:
        fates.reduce((sum, { deliveries }) => sum + Math.max(0, deliveries.length - 1), 0) - doubles.length,
    };
  }

  #closeIfDone(fate: Fate): void {
    if (fate.isGiven && fate.isAnswered) this.#open.delete(fate);
  }

  #listOpen(withBots: boolean): Fate[] {
    return [...this.#open].filter((fate) => isLostWithBot(fate) === withBots);
  }

  /** For whoever looks for the reason. */
  #timesOf({ message }: Fate, before: Complete, one: Complete): string {
    const since = (ms: number) => `${((ms - before.atMs) / 1_000).toFixed(1)} s`;
    const { followedAtMs } = before.delivery;
    const faults = this.#faults
      .filter((fault) => concerns(fault, message))
      .map(({ fromMs }) => since(fromMs));
    const next = followedAtMs === null ? 'none' : since(followedAtMs);
    return `since the first: the second ${since(one.atMs)}, the next message ${next}, faults ${faults.join(', ') || 'none'}`;
  }

  #isExplained({ message }: Fate, { delivery, atMs }: Complete): boolean {
    if (atMs - delivery.startedAtMs >= LATE_MS) return true;
    const fromMs = delivery.startedAtMs - BEFORE_MS;
    const toMs = Math.min(atMs + LEASE_MS, Math.max(atMs, delivery.followedAtMs ?? Infinity));
    return this.#faults.some(
      (fault) => concerns(fault, message) && fault.fromMs <= toMs && fault.toMs >= fromMs,
    );
  }
}

/** Each with the complete delivery before it. */
function doublesOf({ deliveries }: Fate): (readonly [Complete, Complete])[] {
  const complete = deliveries
    .flatMap((delivery) => {
      const { givenAtMs, answeredAtMs } = delivery;
      if (givenAtMs === null || answeredAtMs === null) return [];
      return [{ delivery, atMs: Math.max(givenAtMs, answeredAtMs) }];
    })
    .sort((a, b) => a.atMs - b.atMs);
  return complete.slice(1).map((one, index) => [complete[index] ?? one, one] as const);
}

/** Whoever answers before it pulls has the rest of the way to itself. */
function isLostWithBot({ deliveries, isGiven }: Fate): boolean {
  return !isGiven && deliveries.some(({ isCut, answeredAtMs }) => isCut && answeredAtMs !== null);
}

function concerns({ openKfId }: Fault, message: WrittenMessage): boolean {
  return openKfId === null || openKfId === message.openKfId;
}

function keyOf(openKfId: string, number: number): string {
  return `${openKfId} ${number}`;
}

function nameOf({ openKfId, number }: WrittenMessage): string {
  return `${number} of ${openKfId}`;
}
