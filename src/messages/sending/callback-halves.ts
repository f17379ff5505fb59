import { Injectable } from '@nestjs/common';
import { type AttemptResult, HALVES_MS } from '../../dispatch/endpoint/attempt.js';
import { Deliveries } from '../../dispatch/endpoint/deliveries.js';
import type { Parcel } from '../../dispatch/endpoint/parcel.js';
import { toFailure } from '../../queue/failure.js';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { MessageDestination } from '../../registry/accounts/destination.js';
import { type Message, webhookIdOf } from '../../queue/message.js';
import { MessageLog } from './message-log.js';
import type { UnderWay } from '../../queue/message-line.js';
import { MessageQueue, type Turn, type UnderWayMessage } from '../../queue/message-queue.js';
import { MessageOutcomes } from './message-outcomes.js';
import { toParcel } from './message-parcel.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/** How long the turn of an account waits for a bot that pulls after it has answered. Then others have their turn. */
const WAIT_MS = 1_000;
/**
 * Where the pull may reach another process, the store is asked after this time, and then after twice as long each
 * time.
 */
const ASK_FIRST_MS = 20;
/**
 * How many times the manager tries to put back a message whose answer the bot did not read, while the store is away.
 */
const PUT_BACK_TRIES = 7;
const PUT_BACK_FIRST_MS = 500;

const UNPULLED =
  'the bot answered the callback and did not pull its message through the manager; set the base URL of the API in its program to the address of this manager, with the key of the bot';
const UNREAD = 'the bot reset the connection before it can have read the answer to its kf/sync_msg';

/** An attempt that the bot has answered with 2xx. */
export interface TakenAttempt {
  readonly message: Message;
  /** Counted from 1. */
  readonly attempt: number;
  readonly result: AttemptResult & { readonly taken: true };
  readonly durationMs: number;
}

/** An attempt that tells a bot of a message which it has to pull. */
export type HalfTold = Pick<Parcel, 'id' | 'corpId' | 'openKfId' | 'attempt'>;

/** A message that this process has told a bot of. The bot has not answered yet. */
interface Told extends UnderWayMessage {
  readonly turn: Turn;
  isPulled: boolean;
}

/**
 * Follows a message on its way to a callback bot. A callback tells the bot of the message, and the bot pulls it. The
 * message is taken when the bot has both answered and pulled, in either order. The pull may reach any process. The
 * process that notes the second half reports the attempt to operators.
 *
 * Mostly the pull reaches the process that waits for the answer. That process then needs no store between
 * telling the bot and storing that the bot took the message: while it has the account's turn, no other process
 * learns of the answer first.
 */
@Injectable()
export class CallbackHalves {
  /** Ends the waiting of a turn for a pull. By the webhook id of the turn's message. */
  readonly #waiting = new Map<string, () => void>();
  /** What bots are being told by this process, by account. */
  readonly #told = new Map<string, Told>();
  /** Writes under way that store a message as taken, by webhook id. */
  readonly #taking = new Map<string, Promise<void>>();

  constructor(
    private readonly queue: MessageQueue,
    private readonly outcomes: MessageOutcomes,
    private readonly deliveries: Deliveries,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: MessageLog,
  ) {}

  /**
   * @param pulls whether the bot is to pull the message.
   * @returns false when the account's turn is not held any more.
   */
  async begin(turn: Turn, message: Message, attempt: number, pulls: boolean): Promise<boolean> {
    const untilMs = this.storeClock.nowMs() + HALVES_MS;
    const { msgid } = message;
    const underWay = { msgid, attempt, isAnswered: false, isPulled: false, untilMs };
    const isHeld = await this.queue.begin(turn, underWay);
    const told = { turn, message, underWay, isPulled: false };
    if (isHeld && pulls) this.#told.set(accountKey(turn), told);
    return isHeld;
  }

  /**
   * The message that the bot of the account is being told of, even if its time is over.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async find(account: Addressee): Promise<UnderWayMessage | null> {
    const told = this.#told.get(accountKey(account));
    if (told !== undefined && this.queue.lines.isHeld(told.turn, this.storeClock.nowMs())) return told;
    return this.queue.findUnderWay(account);
  }

  /** The attempt ended without an answer that takes the message: nothing is under way any more. */
  async failed(turn: Turn): Promise<void> {
    this.#answeredHere(turn);
    await this.queue.begin(turn, null);
  }

  /** Whether the message was pulled in this attempt, from any process; false while the store cannot tell. Never rejects. */
  async hasPulled({ id, corpId, openKfId, attempt }: HalfTold): Promise<boolean> {
    const told = this.#told.get(accountKey({ corpId, openKfId }));
    const isHere = told?.underWay.attempt === attempt && webhookIdOf(told.message) === id;
    if (isHere && told.isPulled) return true;
    const found = await this.queue.findUnderWay({ corpId, openKfId }).catch(() => null);
    if (found === null || webhookIdOf(found.message) !== id) return false;
    return found.underWay.attempt === attempt && found.underWay.isPulled;
  }

  /**
   * The bot answered its callback with 2xx. If it does not pull within `WAIT_MS`, the message is due again when the
   * time of the attempt is over, unless the bot pulls it by then.
   * @returns whether the message is taken.
   */
  async answered(turn: Turn, recipient: MessageDestination, answered: TakenAttempt): Promise<boolean> {
    const { message, attempt, result, durationMs } = answered;
    const { msgid } = message;
    if (this.#answeredHere(turn)?.isPulled === true) {
      await this.#taken(message);
      this.#ended(recipient, message, attempt, durationMs, result);
      return true;
    }
    const noted = await this.queue.note(turn, { msgid, attempt }, 'answered', this.storeClock.nowMs());
    if (noted === 'taken') this.#ended(recipient, message, attempt, durationMs, result);
    if (noted !== 'half') return noted === 'taken';
    if (await this.#isPulledSoon(turn, message, attempt)) return true;
    const found = await this.queue.findUnderWay(turn);
    if (found === null || !isOf(found.underWay, msgid, attempt)) return true;
    await this.outcomes.putOff(turn, message, found.underWay.untilMs, attempt, null);
    return false;
  }

  /**
   * The bot was given all of the message. If that cannot be noted, the message is sent once more. Never rejects.
   * @param recipient `null` when another bot takes the account's messages now.
   */
  async pulled(recipient: MessageDestination | null, message: Message, underWay: UnderWay): Promise<void> {
    const told = this.#toldHere(message, underWay);
    if (told !== null) {
      told.isPulled = true;
      return;
    }
    const nowMs = this.storeClock.nowMs();
    const noted = await this.queue.note(message, underWay, 'pulled', nowMs).catch(() => 'gone' as const);
    if (noted !== 'taken') return;
    this.#waiting.get(webhookIdOf(message))?.();
    const durationMs = Math.max(0, nowMs - (underWay.untilMs - HALVES_MS));
    this.#ended(recipient, message, underWay.attempt, durationMs, ANSWERED_WELL);
  }

  /**
   * Ends an attempt whose time is over if the bot answered and did not pull, and reports it to operators.
   * @returns whether it was such an attempt.
   */
  async endOverdue(
    turn: Turn,
    recipient: MessageDestination,
    { underWay, message }: UnderWayMessage,
  ): Promise<boolean> {
    const nowMs = this.storeClock.nowMs();
    if (!underWay.isAnswered || underWay.isPulled || nowMs < underWay.untilMs) return false;
    const { attempt } = underWay;
    await this.outcomes.putOff(turn, message, nowMs, attempt, toFailure(nowMs, 'unpulled', UNPULLED));
    await this.queue.begin(turn, null);
    const result = { taken: false, stage: 'unpulled', reason: UNPULLED } as const;
    this.#ended(recipient, message, attempt, HALVES_MS, result);
    this.outcomes.unpulled(message, attempt, UNPULLED);
    return true;
  }

  /**
   * The bot did not read what `pulled` has noted. The message counts as not pulled; if it was taken with that pull,
   * it waits again. Never rejects.
   */
  async unread(recipient: MessageDestination | null, message: Message, underWay: UnderWay): Promise<void> {
    const told = this.#toldHere(message, underWay);
    if (told !== null) {
      told.isPulled = false;
      return;
    }
    await this.#taking.get(webhookIdOf(message))?.catch(() => {});
    for (let n = 0, pauseMs = PUT_BACK_FIRST_MS; n < PUT_BACK_TRIES; n++, pauseMs *= 2) {
      try {
        const isBack = await this.outcomes.putBack(
          message,
          underWay.attempt,
          recipient?.endpoint?.href ?? null,
          UNREAD,
        );
        const result = { taken: false, stage: 'reset', reason: UNREAD } as const;
        if (isBack) this.#ended(recipient, message, underWay.attempt, 0, result);
        return;
      } catch {
        await this.clock.sleep(pauseMs);
      }
    }
    this.log.lost(message, underWay.attempt, UNREAD);
  }

  /** The turn's bot has answered. @returns what the bot was told; `null` where this process does not know it. */
  #answeredHere(turn: Turn): Told | null {
    const key = accountKey(turn);
    const told = this.#told.get(key);
    if (told?.turn.lease.id !== turn.lease.id) return null;
    this.#told.delete(key);
    return told;
  }

  #toldHere(message: Message, underWay: UnderWay): Told | null {
    const told = this.#told.get(accountKey(message));
    return told?.underWay === underWay ? told : null;
  }

  async #taken(message: Message): Promise<void> {
    const id = webhookIdOf(message);
    const taking = this.queue.taken(message, this.storeClock.nowMs());
    this.#taking.set(id, taking);
    await taking.finally(() => this.#taking.delete(id));
  }

  /** @param recipient `null` when it is no longer known whose attempt it was. */
  #ended(
    recipient: MessageDestination | null,
    message: Message,
    attempt: number,
    durationMs: number,
    result: AttemptResult,
  ): void {
    if (result.taken) this.outcomes.countTaken(message);
    if (recipient === null) return;
    const parcel = toParcel(message, recipient.bot, attempt, this.storeClock.nowMs());
    this.deliveries.ended(recipient, parcel, 'message', result, durationMs);
    this.outcomes.attempted(message, recipient.bot.id, attempt, null, durationMs, result);
  }

  async #isPulledSoon(turn: Turn, message: Message, attempt: number): Promise<boolean> {
    const isUnderWay = async (): Promise<boolean> => {
      const found = await this.queue.findUnderWay(turn);
      return found !== null && isOf(found.underWay, message.msgid, attempt);
    };
    if (!this.queue.lines.isShared)
      return (await this.#isPulledWithin(message, WAIT_MS)) || !(await isUnderWay());
    for (let waitedMs = 0, pauseMs = ASK_FIRST_MS; waitedMs < WAIT_MS; waitedMs += pauseMs, pauseMs *= 2) {
      if ((await this.#isPulledWithin(message, pauseMs)) || !(await isUnderWay())) return true;
    }
    return false;
  }

  /** Whether the message was taken by a pull that reached this process in time. */
  async #isPulledWithin(message: Message, limitMs: number): Promise<boolean> {
    const id = webhookIdOf(message);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const limit = this.clock.after(limitMs, () => resolve(false));
    this.#waiting.set(id, () => resolve(true));
    const isPulled = await promise;
    limit.cancel();
    this.#waiting.delete(id);
    return isPulled;
  }
}

/** The store does not keep which 2xx the bot answered, so 200 stands for all of them. */
const ANSWERED_WELL: AttemptResult = { taken: true, status: 200 };

function isOf(underWay: UnderWay, msgid: string, attempt: number): boolean {
  return underWay.msgid === msgid && underWay.attempt === attempt;
}
