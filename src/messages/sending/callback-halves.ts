import { Injectable } from '@nestjs/common';
import { type AttemptResult, HALVES_MS } from '../../dispatch/line/attempt.js';
import { Deliveries } from '../../dispatch/line/deliveries.js';
import { Lines } from '../../dispatch/line/line.js';
import type { Halves, MessageEvent } from '../../dispatch/line/pulls.js';
import { toFailure } from '../../dispatch/queue/line.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Addressee, MessageTaker } from '../../registry/destination.js';
import { accountKey } from '../../registry/puppet.js';
import { type Message, webhookIdOf } from '../../dispatch/queue/message.js';
import { MessageLog } from '../message-log.js';
import type { UnderWay } from '../message-line.js';
import { MessageStore, type Turn } from '../message-store.js';
import { MessageOutcomes } from './message-outcomes.js';
import { toEvent, toRecipient } from './taker-form.js';

/** How long the turn of an account waits for a bot that pulls after it has answered. Then others have their turn. */
const WAIT_MS = 1_000;
/** While the pull may reach another process, the store is asked again after this time, and then less and less often. */
const ASK_FIRST_MS = 20;
/** How often it is tried to have a message wait again whose answer nobody read, while the store is away. */
const PUT_BACK_TRIES = 7;
const PUT_BACK_FIRST_MS = 500;

const UNPULLED =
  'the bot answered the callback and did not pull its message by the manager; set its base of the API to the address of this manager, with its key';
const UNREAD = 'the bot reset the connection before it can have read the answer to its kf/sync_msg';

/** An attempt that the bot has answered with 2xx. */
export interface Answered {
  readonly message: Message;
  /** Counted from 1. */
  readonly attempt: number;
  readonly result: AttemptResult & { readonly taken: true };
  readonly durationMs: number;
}

/**
 * A message under way to a callback bot, which is told of it by a callback and pulls it. It is taken when both are done, in
 * either order; which process the pull reaches does not matter. Whoever notes the second half tells operators of it.
 */
@Injectable()
export class CallbackHalves implements Halves {
  /** Of the accounts whose turn waits for a pull. */
  readonly #waiting = new Map<string, () => void>();

  constructor(
    private readonly store: MessageStore,
    private readonly outcomes: MessageOutcomes,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: MessageLog,
    lines: Lines,
  ) {
    lines.pulledBy(this);
  }

  /** @returns false when the account's turn is not held any more. */
  async begin(turn: Turn, message: Message, attempt: number): Promise<boolean> {
    const untilMs = this.storeClock.nowMs() + HALVES_MS;
    const { msgid } = message;
    return this.store.begin(turn, { msgid, attempt, isAnswered: false, isPulled: false, untilMs });
  }

  async hasPulled({ id, corpId, openKfId }: MessageEvent, attempt: number): Promise<boolean> {
    const found = await this.store.findUnderWay({ corpId, openKfId }).catch(() => null);
    if (found === null || webhookIdOf(found.message) !== id) return false;
    return found.underWay.attempt === attempt && found.underWay.isPulled;
  }

  /**
   * The bot answered its callback well. If it does not pull soon, the message is due again when its time is over, unless it
   * is pulled by then.
   * @returns whether it is taken.
   */
  async answered(turn: Turn, taker: MessageTaker, answered: Answered): Promise<boolean> {
    const { message, attempt, result, durationMs } = answered;
    const { msgid } = message;
    const noted = await this.store.note(turn, { msgid, attempt }, 'answered', this.storeClock.nowMs());
    if (noted === 'taken') this.#ended(taker, message, attempt, durationMs, result);
    if (noted !== 'half') return noted === 'taken';
    if (await this.#isPulledSoon(turn, msgid, attempt)) return true;
    const found = await this.store.findUnderWay(turn);
    if (found === null || !isOf(found.underWay, msgid, attempt)) return true;
    await this.outcomes.putOff(turn, message, found.underWay.untilMs, attempt, null);
    return false;
  }

  /**
   * The bot was given all of the message. If that cannot be noted, the message is sent once more.
   * @param taker `null` when it is another bot now. Never rejects.
   * @returns whether the message is taken by it.
   */
  async pulled(taker: MessageTaker | null, message: Message, underWay: UnderWay): Promise<boolean> {
    const nowMs = this.storeClock.nowMs();
    const noted = await this.store.note(message, underWay, 'pulled', nowMs).catch(() => 'gone' as const);
    if (noted !== 'taken') return false;
    this.#waiting.get(accountKey(message))?.();
    const durationMs = Math.max(0, nowMs - (underWay.untilMs - HALVES_MS));
    this.#ended(taker, message, underWay.attempt, durationMs, ANSWERED_WELL);
    return true;
  }

  /** The time of what was under way is over: where it was answered and not pulled, that is told. */
  async endOverdue(
    turn: Turn,
    taker: MessageTaker,
    { underWay, message }: { readonly underWay: UnderWay; readonly message: Message },
  ): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    if (!underWay.isAnswered || underWay.isPulled || nowMs < underWay.untilMs) return;
    const { attempt } = underWay;
    await this.outcomes.putOff(turn, message, nowMs, attempt, toFailure(nowMs, 'unpulled', UNPULLED));
    await this.store.endUnderWay(turn);
    const result = { taken: false, stage: 'unpulled', reason: UNPULLED } as const;
    this.#ended(taker, message, attempt, HALVES_MS, result);
    this.outcomes.unpulled(message, attempt, UNPULLED);
  }

  /**
   * What `pulled` has noted was not read: it is pulled no more, and where the message was taken by that, it waits again.
   * Never rejects.
   * @returns whether it waits again.
   */
  async unread(taker: MessageTaker | null, message: Message, underWay: UnderWay): Promise<boolean> {
    for (let n = 0, pauseMs = PUT_BACK_FIRST_MS; n < PUT_BACK_TRIES; n++, pauseMs *= 2) {
      try {
        const isBack = await this.outcomes.putBack(message, underWay.attempt, UNREAD);
        const result = { taken: false, stage: 'reset', reason: UNREAD } as const;
        if (isBack) this.#ended(taker, message, underWay.attempt, 0, result);
        return isBack;
      } catch {
        await this.clock.sleep(pauseMs);
      }
    }
    this.log.lost(message, underWay.attempt, UNREAD);
    return false;
  }

  /** @param taker `null` when nobody knows any more whose attempt it was. */
  #ended(
    taker: MessageTaker | null,
    message: Message,
    attempt: number,
    durationMs: number,
    result: AttemptResult,
  ): void {
    if (result.taken) this.outcomes.countTaken(message);
    if (taker === null) return;
    const [to, event] = [toRecipient(taker), toEvent(message)];
    this.deliveries.ended(to, event, 'message', attempt, result, durationMs);
    this.outcomes.attempted(message, taker.bot.id, attempt, null, durationMs, result);
  }

  async #isPulledSoon(turn: Turn, msgid: string, attempt: number): Promise<boolean> {
    const isUnderWay = async (): Promise<boolean> => {
      const found = await this.store.findUnderWay(turn);
      return found !== null && isOf(found.underWay, msgid, attempt);
    };
    if (!this.store.isShared) {
      await this.#whenPulled(turn, WAIT_MS);
      return !(await isUnderWay());
    }
    for (let waitedMs = 0, pauseMs = ASK_FIRST_MS; waitedMs < WAIT_MS; waitedMs += pauseMs, pauseMs *= 2) {
      await this.#whenPulled(turn, pauseMs);
      if (!(await isUnderWay())) return true;
    }
    return false;
  }

  /** Resolves when it was pulled here, or after `limitMs`. One waits for an account: whoever has its turn. */
  async #whenPulled(account: Addressee, limitMs: number): Promise<void> {
    const key = accountKey(account);
    const { promise, resolve } = Promise.withResolvers<void>();
    const limit = this.clock.after(limitMs, resolve);
    this.#waiting.set(key, resolve);
    await promise;
    limit.cancel();
    this.#waiting.delete(key);
  }
}

/** Which 2xx it was is not kept. */
const ANSWERED_WELL: AttemptResult = { taken: true, status: 200 };

function isOf(underWay: UnderWay, msgid: string, attempt: number): boolean {
  return underWay.msgid === msgid && underWay.attempt === attempt;
}
