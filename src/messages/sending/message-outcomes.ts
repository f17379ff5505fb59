import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { type AttemptResult, isRefusal } from '../../dispatch/endpoint/attempt.js';
import { FAST_STEPS, nextTry } from '../../queue/retry-schedule.js';
import { failpoint } from '../../kernel/failpoint.js';
import type { Addressee } from '../../kernel/account.js';
import type { WithheldOutcome } from '../../record/delivery-record.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type Message, MESSAGE_LIFE_MS, type MessageHead } from '../../queue/message.js';
import { ORIGIN } from '../../kernel/wecom-format.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import { type KeptPage, MessageQueue, type Turn } from '../../queue/message-queue.js';
import { messagesConfig } from './messages.config.js';
import { type Failure, type FailureStage, type Occasion, toFailure } from '../../queue/failure.js';

/** A message that its bot does not get. */
export interface WithheldMessage {
  readonly msgid: string;
  readonly outcome: WithheldOutcome;
}

const SATURATED_MS = 1_000;
/** What is no message's fault, and nothing tells when it is over: no message is late for longer than `NOBODYS_MS_MAX` after that. */
const NOBODYS: ReadonlySet<FailureStage> = new Set(['reply', 'key', 'quota', 'busy']);
const NOBODYS_MS_MAX = 60_000;

/** A refused event is tried again after these times, and then passed over: it must not hold up what customers say. */
const EVENT_PAUSES_MS = [1_000, 3_000] as const;
/** It is not tried again so long after its first attempt: a program may take its time to refuse. */
const EVENT_MS = 10_000;

export type NotTaken = Extract<AttemptResult, { taken: false }>;

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

  /**
   * A refusal counts against the message, which is dead after `messageTries` refusals. Other failures do not count;
   * they end the message only after 3 days.
   * An event of WeCom is passed over where a message would be dead, and sooner.
   * @param attempts the number of this attempt. Where an earlier outcome was lost, it is more than one
   * above the stored number.
   */
  async notTaken(
    turn: Turn,
    message: Message,
    attempts: number,
    result: NotTaken,
    durationMs: number,
  ): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const failure = toFailure(nowMs, result.stage, result.reason, result.status);
    // Nobody has seen it, so it was no attempt.
    if (result.stage === 'saturated' || result.stage === 'withdrawn')
      return this.putOff(turn, message, nowMs + SATURATED_MS, attempts - 1, failure);
    const refusals = message.refusals + Number(isRefusal(result));
    // A bot that is killed breaks its connection, and has refused nothing.
    if (isEvent(message) && isRefusal(result) && result.stage !== 'reset') {
      const tried = { ...message, attempts, refusals };
      const pauseMs = result.stage === 'too_long' ? null : eventPauseMs(message, nowMs, durationMs);
      if (pauseMs === null) return this.#passOver(turn, tried, failure);
      const again = { attempts, refusals, step: message.step, dueAtMs: nowMs + pauseMs, failure };
      await this.queue.refused(turn, message.msgid, { state: 'waiting', ...again }, nowMs);
      return;
    }
    // The bot would refuse the message each time.
    const isHopeless = result.stage === 'too_long' || refusals >= this.config.messageTries;
    if (isHopeless && isEvent(message))
      return this.#passOver(turn, { ...message, attempts, refusals }, failure);
    if (isHopeless) return this.#bury(turn, { ...message, attempts, refusals }, failure);
    const { step, dueAtMs } = nextOf(message, nowMs, result);
    const again = { attempts, refusals, step, dueAtMs, failure };
    await this.queue.refused(turn, message.msgid, { state: 'waiting', ...again }, nowMs);
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
    const tried = { ...message, attempts: attempt, refusals: message.refusals + 1, lastFailure };
    const isHopeless = tried.refusals >= this.config.messageTries;
    const isDead = isHopeless && !isEvent(message);
    const back: Message = isDead
      ? { ...tried, state: 'dead', dueAtMs: null }
      : { ...tried, ...nextOf(message, nowMs, { stage: 'reset' }) };
    const isBack = await this.queue.putBack(back, attempt, endpoint, nowMs);
    if (isBack) this.log.unread(message, attempt, reason);
    if (isBack && isDead) this.#noteBuried(back, lastFailure);
    const isOver = isBack && isHopeless && isEvent(message);
    if (isOver && (await this.queue.drop(message, message.msgid))) this.#notePassedOver(back, lastFailure);
    return isBack;
  }

  /**
   * The message was not sent, or the end of its attempt is not known. It is due at `dueAtMs`, and no refusal is
   * counted.
   * @param failure `null` leaves the last one.
   */
  async putOff(
    turn: Turn,
    message: Message,
    dueAtMs: number,
    attempts: number,
    failure: Failure | null,
  ): Promise<void> {
    const { refusals } = message;
    // A message that was sent has left step 0 of the schedule.
    const step = attempts > message.attempts ? Math.max(1, message.step) : message.step;
    const refused = { state: 'waiting', attempts, refusals, step, dueAtMs, failure } as const;
    await this.queue.refused(turn, message.msgid, refused, this.storeClock.nowMs());
  }

  /**
   * A process that died since may have sent the message. The next attempt gets the next number; nothing else changes.
   */
  async mayHaveBeenSent(turn: Turn, message: Message, attempts: number): Promise<void> {
    this.countRepeated();
    const nowMs = this.storeClock.nowMs();
    const { refusals, step, dueAtMs } = message;
    const same = { state: 'waiting', refusals, step, dueAtMs: dueAtMs ?? nowMs, failure: null } as const;
    await this.queue.refused(turn, message.msgid, { ...same, attempts }, nowMs);
  }

  /** Gives up a message that waited for 3 days. */
  async expire(turn: Turn, message: MessageHead): Promise<void> {
    await this.#bury(turn, message, this.#expired());
  }

  /**
   * Gives up all messages that waited for 3 days, also where no bot is there to take them. Removes ids that need
   * not be known any more.
   */
  async clearUp(): Promise<void> {
    const failure = this.#expired();
    for (const message of await this.queue.clearUp(failure)) this.#noteBuried(message, failure);
  }

  async #bury(turn: Turn, message: MessageHead, failure: Failure): Promise<void> {
    const { msgid, attempts, refusals } = message;
    if (await this.queue.refused(turn, msgid, { state: 'dead', attempts, refusals, failure }, failure.atMs))
      this.#noteBuried(message, failure);
  }

  async #passOver(turn: Turn, message: MessageHead, failure: Failure): Promise<void> {
    if (await this.queue.refused(turn, message.msgid, { state: 'known' }, failure.atMs))
      this.#notePassedOver(message, failure);
  }

  #notePassedOver(message: MessageHead, failure: Failure): void {
    this.metrics.passedOver();
    this.log.passedOver(message, failure);
  }

  #expired(): Failure {
    return toFailure(this.storeClock.nowMs(), 'expired', 'no bot took it within 3 days');
  }

  #noteBuried(message: MessageHead, failure: Failure): void {
    this.metrics.buried(failure.stage);
    this.log.buried(message, failure);
  }
}

function isEvent({ origin }: Pick<MessageHead, 'origin'>): boolean {
  return origin === ORIGIN.event;
}

/**
 * How long an event waits that was refused once more; `null` where it is passed over.
 * @param durationMs of the attempt that ended now.
 */
function eventPauseMs(
  { refusals, lastFailure }: MessageHead,
  nowMs: number,
  durationMs: number,
): number | null {
  const isFirst = refusals === 0 || lastFailure === null || lastFailure.stage === 'reset';
  const pauseMs = EVENT_PAUSES_MS[isFirst ? 0 : refusals];
  if (pauseMs === undefined) return null;
  const firstEndedMs = isFirst ? nowMs : lastFailure.atMs;
  const sinceFirstMs = nowMs - firstEndedMs + durationMs;
  return sinceFirstMs + pauseMs > EVENT_MS ? null : pauseMs;
}

/** When it is tried again. */
function nextOf(
  { step, storedAtMs }: MessageHead,
  nowMs: number,
  { stage, retryAfterMs = 0 }: Pick<NotTaken, 'stage' | 'retryAfterMs'>,
): { readonly step: number; readonly dueAtMs: number } {
  const ageMs = step < FAST_STEPS ? 0 : nowMs - storedAtMs;
  const next = nextTry(step, ageMs, Math.random());
  const delayMs = Math.min(next?.delayMs ?? Infinity, NOBODYS.has(stage) ? NOBODYS_MS_MAX : Infinity);
  const dueAtMs = nowMs + Math.max(delayMs, retryAfterMs);
  return { step: next?.step ?? step, dueAtMs: Math.min(dueAtMs, storedAtMs + MESSAGE_LIFE_MS) };
}
