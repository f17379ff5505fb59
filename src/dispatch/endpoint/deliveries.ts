import { Injectable } from '@nestjs/common';
import { StoreClock } from '../../kernel/store-clock.js';
import { type DeliveryRecord, type RecordForm, withoutQuery } from '../../log/delivery-record.js';
import { DeliveryRecorder } from '../../log/delivery-recorder.js';
import type { LastTaken } from '../../log/past.js';
import type { Destination } from '../../registry/accounts/destination.js';
import type { Parcel } from './parcel.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import type { AttemptResult } from './attempt.js';
import type { DeliveryOccasion } from '../../queue/failure.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/** Bots whose attempts are counted; a further one replaces the one that was seen first. */
const BOTS_MAX = 100_000;

/** One attempt that this process made. */
export interface RecordedAttempt {
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
}

type DeliveredTo = Pick<Destination, 'corpId' | 'openKfId' | 'address' | 'bot' | 'isPulled'> &
  Partial<Pick<Destination, 'puppet'>>;

/** How many attempts at a bot ended in each way. */
export type AttemptTotals = Readonly<Record<'taken' | 'not_taken', number>>;

const NO_ATTEMPTS: AttemptTotals = { taken: 0, not_taken: 0 };

/**
 * Tells of the attempts of this process, on all occasions. Every attempt passes here. It tells only the ids of events, which may be
 * large, and no secret of a puppet.
 */
@Injectable()
export class Deliveries {
  readonly #ofBots = new Map<string, { taken: number; not_taken: number }>();
  readonly #listeners = new Set<(recorded: RecordedAttempt) => void>();
  /** How many events bots that operators added are at work on, by account. */
  readonly #atWork = new Map<string, number>();
  #count = 0;

  constructor(
    private readonly metrics: DispatchMetrics,
    private readonly recorder: DeliveryRecorder,
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
  ): RecordedAttempt {
    if (isWork(to, occasion)) this.#countWork(to, -1);
    if (occasion !== 'test') this.metrics.attempted(occasion, result, durationMs / 1_000);
    const recorded: RecordedAttempt = {
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
    };
    // A pull only shows whether WeCom gave messages. Whether the bot takes them is the attempt of each message.
    if (to.bot !== null && !to.isPulled) this.#countOf(to.bot.id)[result.taken ? 'taken' : 'not_taken']++;
    this.recorder.add(toRecord(recorded, to.isPulled ? null : asksFor(body, occasion)));
    if (this.#listeners.size > 0) for (const tell of this.#listeners) tell(recorded);
    return recorded;
  }

  #countWork(account: Addressee, more: 1 | -1): void {
    const key = accountKey(account);
    const count = (this.#atWork.get(key) ?? 0) + more;
    if (count > 0) this.#atWork.set(key, count);
    else this.#atWork.delete(key);
  }

  /** The attempts at a bot that an operator added, on all its accounts. */
  ofBot(id: string): AttemptTotals {
    return this.#ofBots.get(id) ?? NO_ATTEMPTS;
  }

  /** What a bot took last, on any of its accounts; `null` for nothing. */
  lastTakenBy(botId: string): LastTaken | null {
    return this.recorder.past.ofBot(botId).taken;
  }

  /**
   * For pages that show attempts as they end.
   * @param tell is called with each attempt from now on, in the turn in which it ended.
   * @returns a function that ends this.
   */
  listen(tell: (recorded: RecordedAttempt) => void): () => void {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }

  #countOf(botId: string): { taken: number; not_taken: number } {
    const known = this.#ofBots.get(botId);
    if (known !== undefined) return known;
    const added = { taken: 0, not_taken: 0 };
    this.#ofBots.set(botId, added);
    const [first] = this.#ofBots.size > BOTS_MAX ? this.#ofBots.keys() : [];
    if (first !== undefined) this.#ofBots.delete(first);
    return added;
  }
}

function asksFor(body: Parcel['body'], occasion: DeliveryOccasion): DeliveryRecord['asks'] {
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
function toRecord(recorded: RecordedAttempt, asks: DeliveryRecord['asks']): DeliveryRecord {
  const { atMs, corpId, openKfId, eventId, occasion, attempt, endpoint, botId, result, durationMs } =
    recorded;
  return {
    kind: 'attempt',
    atMs,
    corpId,
    openKfId,
    webhookId: eventId,
    outcome: result.taken ? 'taken' : 'not_taken',
    form: formOf(recorded),
    occasion,
    attempt,
    endpoint: endpoint === '' ? null : withoutQuery(endpoint),
    botId,
    asks,
    status: result.taken && result.isUnasked === true ? null : (result.status ?? null),
    stage: result.taken ? null : result.stage,
    reason: result.taken ? null : result.reason,
    durationMs,
    source: null,
    onlyAttempt: null,
  };
}

function formOf({ occasion, isRaw }: RecordedAttempt): RecordForm {
  if (occasion === 'message') return 'message';
  return isRaw ? 'encrypted' : 'decrypted';
}
