import { Injectable } from '@nestjs/common';
import { type AttemptResult, isRefusal } from '../../dispatch/endpoint/attempt.js';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { failpoint } from '../../kernel/failpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { pulls } from '../../registry/bots/bot.js';
import type { MessageDestination } from '../../registry/accounts/destination.js';
import { isExpired, type Message } from '../../queue/message.js';
import { isAwaited, type UnderWay } from '../../queue/message-line.js';
import { MessageQueue, type Turn, type UnderWayMessage } from '../../queue/message-queue.js';
import { mergeMsOf } from '../../queue/quick-texts.js';
import { CallbackHalves } from './callback-halves.js';
import { type EndedAttempt, MessageAttempts } from './message-attempts.js';
import { MessageOutcomes } from './message-outcomes.js';
import { toParcel } from './message-parcel.js';
import { type ReadyDestination } from './recipients.js';
import { type Occasion } from '../../queue/failure.js';

/** A message that is sent now. */
interface Sending {
  readonly turn: Turn;
  readonly recipient: ReadyDestination;
  readonly message: Message;
  readonly occasion: Occasion;
  /** Counted from 1. */
  readonly attempt: number;
}

/** Whether the turn goes on with the next message. */
type Next = 'goes on' | 'ends';

/** What an earlier turn may have sent without storing the outcome: its process died, or the store was away. */
export interface EarlierSends {
  /**
   * For a bot whose messages are begun in the store (see `isBegun`): the message begun last, if it still waits. Else
   * `null`.
   */
  readonly begun: UnderWay | null;
  /**
   * For another bot: whether the first urgent message of the account, and the first of the others, may have been sent.
   * Each is left out once it has a new attempt.
   */
  readonly doubted: Set<'urgent' | 'usual'>;
}

/** Sends an account's next message, and stores the outcome. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly queue: MessageQueue,
    private readonly botEndpoints: BotEndpoints,
    private readonly outcomes: MessageOutcomes,
    private readonly halves: CallbackHalves,
    private readonly attempts: MessageAttempts,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param earlier is changed as messages are sent. @throws AppError `STORE_UNAVAILABLE` */
  async sendNext(
    turn: Turn,
    recipient: ReadyDestination,
    earlier: EarlierSends,
    isProbe: boolean,
  ): Promise<Next> {
    if (!isProbe && this.botEndpoints.circuits.isOpen(recipient.endpoint.href)) return 'ends';
    const next = await this.#sendNext(turn, recipient, earlier, isProbe);
    return this.attempts.isStopping ? 'ends' : next;
  }

  async #sendNext(
    turn: Turn,
    recipient: ReadyDestination,
    earlier: EarlierSends,
    isProbe: boolean,
  ): Promise<Next> {
    const nowMs = this.storeClock.nowMs();
    const isNew = (first: Message): boolean => latestOf(first, earlier) === 0;
    const message = await this.queue.next(turn, recipient.bot, nowMs, { isProbe, isNew });
    if (message === null) return 'ends';
    if (isExpired(message, nowMs)) {
      await this.outcomes.expire(turn, message);
      return 'goes on';
    }
    const latest = latestOf(message, earlier);
    if (latest > message.attempts) this.outcomes.countRepeated();
    earlier.doubted.delete(placeOf(message));
    const attempt = latest + 1;
    const sending: Sending = { turn, recipient, message, occasion: isProbe ? 'probe' : 'due', attempt };
    if (pulls(recipient.bot)) return this.#sendCallback(sending);
    if (isBegun(recipient) && !(await this.halves.begin(turn, message, attempt, false))) return 'ends';
    const { result, durationMs } = await this.#attempt(sending);
    this.#tell(sending, result, durationMs);
    if (result.taken) {
      await this.outcomes.taken(message);
      return 'goes on';
    }
    const next = await this.#notTaken(sending, result, durationMs);
    if (isBegun(recipient)) await this.halves.failed(turn);
    return next;
  }

  /** Call it once in a turn, before the first message. @throws AppError `STORE_UNAVAILABLE` */
  async findEarlier(turn: Turn, recipient: MessageDestination): Promise<EarlierSends> {
    if (!isBegun(recipient)) return { begun: null, doubted: new Set(turn.isInDoubt ? PLACES : []) };
    const found = turn.underWay === null ? null : await this.queue.findUnderWay(turn);
    if (found !== null && !(await this.halves.endOverdue(turn, recipient, found)))
      await this.#noteBegun(turn, found);
    return { begun: found?.underWay ?? null, doubted: new Set() };
  }

  /**
   * Stores that the message may have been sent. Later is too late: this turn may begin another message, and end,
   * before it comes to this one.
   */
  async #noteBegun(turn: Turn, { underWay, message }: UnderWayMessage): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    if (isAwaited(underWay, nowMs) || message.attempts >= underWay.attempt) return;
    await this.outcomes.mayHaveBeenSent(turn, message, underWay.attempt);
  }

  /** A callback bot takes a message in two halves: it answers the callback, and pulls. */
  async #sendCallback(sending: Sending): Promise<Next> {
    const { turn, recipient, message, attempt } = sending;
    if (!(await this.halves.begin(turn, message, attempt, true))) return 'ends';
    const { result, durationMs } = await this.#attempt(sending);
    if (!result.taken) {
      this.#tell(sending, result, durationMs);
      // The outcome is stored first: the process may die between the two writes.
      const next = await this.#notTaken(sending, result, durationMs);
      await this.halves.failed(turn);
      return next;
    }
    failpoint('message.answered');
    const isTaken = await this.halves.answered(turn, recipient, { message, attempt, result, durationMs });
    return isTaken ? 'goes on' : 'ends';
  }

  async #notTaken(
    { turn, message, recipient, attempt }: Sending,
    result: AttemptResult & { taken: false },
    durationMs: number,
  ): Promise<Next> {
    await this.outcomes.notTaken(turn, message, attempt, result, durationMs);
    // After a refusal, messages of other customers need not wait for this one. If the bot is away, they
    // would fail as well.
    return recipient.bot.order === 'customer' && isRefusal(result) ? 'goes on' : 'ends';
  }

  #attempt({ message, recipient, attempt }: Sending): Promise<EndedAttempt> {
    const nowMs = this.storeClock.nowMs();
    const parcel = toParcel(message, recipient.bot, attempt, nowMs, (told) => this.halves.hasPulled(told));
    return this.attempts.make(parcel, this.botEndpoints.to(recipient));
  }

  #tell({ message, recipient, attempt, occasion }: Sending, result: AttemptResult, durationMs: number): void {
    this.outcomes.attempted(message, recipient.bot.id, attempt, occasion, durationMs, result);
  }
}

/**
 * Whether the store is told of each message before it is sent, so that a later process knows which one was under way.
 * That is not needed where all messages of an account go one after the other: then it was the first one that waits.
 */
function isBegun({ bot }: MessageDestination): boolean {
  return pulls(bot) || bot.order !== 'account' || mergeMsOf(bot) > 0;
}

const PLACES = ['urgent', 'usual'] as const;

function placeOf({ seq }: Message): (typeof PLACES)[number] {
  return seq < 0 ? 'urgent' : 'usual';
}

/** @returns the number of its latest attempt; 0 before the first. */
function latestOf(message: Message, { begun, doubted }: EarlierSends): number {
  const { msgid, attempts } = message;
  if (begun?.msgid === msgid) return Math.max(attempts, begun.attempt);
  return doubted.has(placeOf(message)) ? attempts + 1 : attempts;
}
