import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type AttemptResult, isRefusal } from '../../dispatch/endpoint/attempt.js';
import { failpoint } from '../../kernel/failpoint.js';
import type { Addressee } from '../../kernel/account.js';
import type { WithheldOutcome } from '../../log/delivery-record.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Message, MessageHead } from '../../queue/message.js';
import { type LastOutcome, type MessageOutcome, outcomeOf, putOff } from '../../queue/message-outcome.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import { type KeptPage, MessageQueue, type Turn } from '../../queue/message-queue.js';
import { messagesConfig } from './messages.config.js';
import { type Failure, type Occasion, toFailure } from '../../queue/failure.js';

/** A message that its bot does not get. */
export interface WithheldMessage {
  readonly msgid: string;
  readonly outcome: WithheldOutcome;
}

export type AttemptFailure = Extract<AttemptResult, { taken: false }>;

/**
 * Stores the outcome of each message.
 * @throws AppError `STORE_UNAVAILABLE`; the message is sent again once the lease has lapsed.
 */
@Injectable()
export class MessageOutcomes {
  constructor(
    private readonly queue: MessageQueue,
    private readonly metrics: MessageMetrics,
    private readonly log: MessageLog,
    private readonly storeClock: StoreClock,
    @Inject(messagesConfig.KEY) private readonly config: ConfigType<typeof messagesConfig>,
  ) {}

  /** @param occasion `null` where it is not known any more. */
  attempted(
    message: Message,
    botId: string,
    attempt: number,
    occasion: Occasion | null,
    durationMs: number,
    result: AttemptResult,
  ): void {
    this.log.attempted(message, botId, attempt, occasion, durationMs, result);
  }

  unpulled(message: Message, attempt: number, reason: string): void {
    this.metrics.unpulled();
    this.log.unpulled(message, attempt, reason);
  }

  /**
   * @param messages how many the page had.
   * @param isFromStart whether WeCom refused the cursor.
   */
  countPulled({ added, dead }: KeptPage, messages: number, isFromStart: boolean): void {
    if (isFromStart) this.metrics.cursorRefused();
    this.metrics.pulled(added, messages - added);
    for (const message of dead) {
      if (message.lastFailure !== null) this.#noteBuried(message, message.lastFailure);
    }
  }

  /** Messages that their bot does not get. */
  withheld(account: Addressee, withheld: readonly WithheldMessage[], nowMs: number): void {
    for (const { msgid, outcome } of withheld) this.log.withheld({ ...account, msgid }, outcome, nowMs);
  }

  countRepeated(): void {
    this.metrics.repeated();
  }

  async taken(message: Message): Promise<void> {
    failpoint('message.taken');
    await this.queue.taken(message, this.storeClock.nowMs());
    this.countTaken(message);
  }

  countTaken({ storedAtMs }: Message): void {
    this.metrics.taken((this.storeClock.nowMs() - storedAtMs) / 1_000);
  }

  /** @param attempt the number of this attempt. */
  async notTaken(
    turn: Turn,
    message: Message,
    attempt: number,
    result: AttemptFailure,
    durationMs: number,
  ): Promise<void> {
    const failure = toFailure(this.storeClock.nowMs(), result.stage, result.reason, result.status);
    const { retryAfterMs } = result;
    const failed = { attempt, failure, isRefusal: isRefusal(result), durationMs, retryAfterMs };
    await this.#store(turn, message, outcomeOf(message, failed, this.config.messageTries, Math.random()));
  }

  /**
   * Puts back a message that counts as pulled, or as taken, although its bot did not read the answer to its pull.
   * This counts as a refusal, so that a bot that never reads one message still gets the next ones.
   * @param endpoint of its bot; `null` where there is none.
   * @returns false where the message still waits, or was not taken.
   * @throws AppError `STORE_UNAVAILABLE`; safe to repeat.
   */
  async putBack(
    message: Message,
    attempt: number,
    endpoint: string | null,
    reason: string,
  ): Promise<boolean> {
    const nowMs = this.storeClock.nowMs();
    const lastFailure = toFailure(nowMs, 'reset', reason);
    const failed = { attempt, failure: lastFailure, isRefusal: true, durationMs: 0 };
    const outcome = outcomeOf(message, failed, this.config.messageTries, Math.random());
    const { attempts, refusals } = outcome;
    const back: Message = { ...message, attempts, refusals, lastFailure, ...placeOf(outcome) };
    const isBack = await this.queue.putBack(back, attempt, endpoint, nowMs);
    if (!isBack) return false;
    this.log.unread(message, attempt, reason);
    if (outcome.state === 'dead') this.#noteEnd(back, outcome);
    if (outcome.state === 'known' && (await this.queue.drop(message, message.msgid)))
      this.#noteEnd(back, outcome);
    return true;
  }

  /**
   * The message was not sent, or the end of its attempt is not known: see `putOff`.
   * @param failure `null` leaves the last one.
   */
  async putOff(
    turn: Turn,
    message: Message,
    dueAtMs: number,
    attempts: number,
    failure: Failure | null,
  ): Promise<void> {
    await this.#store(turn, message, putOff(message, dueAtMs, attempts, failure));
  }

  /**
   * A process that died since may have sent the message. The next attempt gets the next number; nothing else changes.
   */
  async mayHaveBeenSent(turn: Turn, message: Message, attempts: number): Promise<void> {
    this.countRepeated();
    const { refusals, step, dueAtMs } = message;
    const same = { state: 'waiting', refusals, step, dueAtMs: dueAtMs ?? this.storeClock.nowMs() } as const;
    await this.#store(turn, message, { ...same, attempts, failure: null });
  }

  /** Gives up a message that waited for 3 days. */
  async expire(turn: Turn, message: MessageHead): Promise<void> {
    const { attempts, refusals } = message;
    await this.#store(turn, message, { state: 'dead', attempts, refusals, failure: this.#expired() });
  }

  /**
   * Gives up all messages that waited for 3 days, also where no bot is there to take them. Removes ids that need
   * not be known any more.
   */
  async clearUp(): Promise<void> {
    const failure = this.#expired();
    for (const message of await this.queue.clearUp(failure)) this.#noteBuried(message, failure);
  }

  async #store(turn: Turn, message: MessageHead, outcome: MessageOutcome): Promise<void> {
    const isStored = await this.queue.refused(turn, message.msgid, outcome, this.storeClock.nowMs());
    if (isStored && outcome.state !== 'waiting') this.#noteEnd(message, outcome);
  }

  #noteEnd(message: MessageHead, { state, attempts, refusals, failure }: LastOutcome): void {
    const tried = { ...message, attempts, refusals };
    if (state === 'dead') return this.#noteBuried(tried, failure);
    this.metrics.passedOver();
    this.log.passedOver(tried, failure);
  }

  #noteBuried(message: MessageHead, failure: Failure): void {
    this.metrics.buried(failure.stage);
    this.log.buried(message, failure);
  }

  #expired(): Failure {
    return toFailure(this.storeClock.nowMs(), 'expired', 'no bot took it within 3 days');
  }
}

/** Where a message waits that is put back. One that is passed over is dropped afterwards. */
function placeOf(outcome: MessageOutcome): Partial<Pick<Message, 'state' | 'step' | 'dueAtMs'>> {
  if (outcome.state === 'dead') return { state: 'dead', dueAtMs: null };
  return outcome.state === 'waiting' ? { step: outcome.step, dueAtMs: outcome.dueAtMs } : {};
}
