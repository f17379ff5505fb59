import { Injectable } from '@nestjs/common';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { WakeUp } from '../../kernel/wake-up.js';
import { accountKey } from '../../kernel/account.js';
import { Clock } from '../../kernel/clock.js';
import { Places } from '../../kernel/places.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Occasion } from '../../queue/failure.js';
import { type Message } from '../../queue/message.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { MessageQueue, type NextOptions, type Turn } from '../../queue/message-queue.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import { LaneSender } from './lane-sender.js';
import { type ReadyDestination, Recipients } from './recipients.js';

/** How often an account at work is looked at again: another replica may have pulled messages of it, or a refused one is due again. */
const LOOK_AGAIN_MS = 250;
/** So many such looks a second are enough for all accounts together. */
const LOOKS_PER_S_MAX = 200;
/** After an outcome could not be stored. */
const REST_MS = 1_000;

/** An account at work. */
interface Lanes {
  readonly turn: Turn;
  /** As it was found last: its settings may change meanwhile. */
  recipient: ReadyDestination;
  /** The lanes of messages under way. */
  readonly underWay: Set<string>;
  /** Something ended, or came in. */
  readonly wake: WakeUp;
  /** Gives the place in the loop back. */
  readonly leave: () => void;
  hasLeft: boolean;
  /** The next message is a probe: it goes although the circuit is open. */
  isProbe: boolean;
  /** As of `Turn`; also after an outcome could not be stored. */
  isInDoubt: boolean;
  /** Ends the waiting for a place of the bot. */
  waiting: AbortController | null;
  /** Why nothing begins until then, on the clock that never jumps. */
  trouble: { readonly error: unknown; readonly untilMs: number } | null;
}

/**
 * Sends an account's messages to a bot that may take long for each: those of a customer one after the other, those of different
 * customers at the same time. A bot is given so many at a time as its settings say; its accounts take turns.
 *
 * An account waits for its first place of the bot in the loop, and leaves it there. From then on it keeps its lease as long as a
 * message is under way. So at most so many accounts of a bot are leased as the loop has places and the bot takes messages.
 */
@Injectable()
export class CustomerLanes {
  /** By bot. */
  readonly #places = new Places();
  /** By account. */
  readonly #atWork = new Map<string, Lanes>();

  constructor(
    private readonly queue: MessageQueue,
    private readonly recipients: Recipients,
    private readonly circuits: Circuits,
    private readonly sender: LaneSender,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    pulled: PulledMessages,
  ) {
    // A turn of the account looks at once, while others of its customers wait for their answers.
    pulled.listen(({ account }) => this.#atWork.get(accountKey(account))?.wake.wakeUp());
  }

  /**
   * Has an account that is at work send a probe: until its answers are there, nobody else can claim it for one.
   * @returns false when none has a message for that. @throws AppError `STORE_UNAVAILABLE`
   */
  async probe(endpoint: string): Promise<boolean> {
    if (this.sender.isStopping) return false;
    for (const lanes of this.#atWork.values()) {
      const { underWay, recipient } = lanes;
      if (recipient.endpoint.href !== endpoint || underWay.size === 0 || lanes.isProbe) continue;
      if ((await this.#next({ ...lanes, isProbe: true })) === null) continue;
      lanes.isProbe = true;
      lanes.wake.wakeUp();
      return true;
    }
    return false;
  }

  /**
   * Resolves when the turn is over and released.
   * @param leave see `SendLeased`.
   * @throws AppError `STORE_UNAVAILABLE`; the lease then lapses.
   */
  async sendAll(
    turn: Turn,
    recipient: ReadyDestination,
    occasion: Occasion,
    leave: () => void,
  ): Promise<void> {
    const lanes: Lanes = {
      turn,
      recipient,
      leave,
      underWay: new Set(),
      wake: new WakeUp(),
      hasLeft: false,
      isProbe: occasion === 'probe',
      isInDoubt: turn.isInDoubt,
      waiting: null,
      trouble: null,
    };
    const account = accountKey(turn);
    this.#atWork.set(account, lanes);
    let isInDoubt = true;
    try {
      isInDoubt = !(await this.#sendWhileDue(lanes)) && lanes.isInDoubt;
    } finally {
      if (this.#atWork.get(account) === lanes) this.#atWork.delete(account);
    }
    const { bot, endpoint } = lanes.recipient;
    await this.queue.release({ ...turn, isInDoubt }, endpoint.href, bot, this.storeClock.nowMs());
  }

  /** @returns whether every message that was due was sent. If not, an earlier process may have sent those that are left. */
  async #sendWhileDue(lanes: Lanes): Promise<boolean> {
    for (;;) {
      lanes.wake.looking();
      const begun = this.#mayBegin(lanes) ? await this.#beginNext(lanes) : 'not now';
      if (begun !== 'begun') this.#endProbe(lanes);
      if (begun === 'begun') continue;
      if (lanes.underWay.size === 0) {
        if (lanes.trouble !== null) throw lanes.trouble.error;
        return begun === 'nothing due';
      }
      await lanes.wake.pause(
        Math.max(LOOK_AGAIN_MS, (this.#atWork.size * 1_000) / LOOKS_PER_S_MAX),
        this.clock,
      );
    }
  }

  /** @returns `begun` where a message is under way now, or is dead, that was not before. */
  async #beginNext(lanes: Lanes): Promise<'begun' | 'nothing due' | 'not now'> {
    try {
      // Only a message waits for a place.
      if (this.#areTaken(lanes) && (await this.#next(lanes)) === null) return 'nothing due';
      const { id } = lanes.recipient.bot;
      const free = await this.#takePlace(lanes);
      if (free === null) return 'not now';
      // Much may have happened until there was a place.
      const mayBegin = this.#mayBegin(lanes) && lanes.recipient.bot.id === id;
      const isNew = ({ attempts }: Message): boolean => attempts === 0 && !lanes.isInDoubt;
      const message = mayBegin ? await this.#next(lanes, { isNew }).catch(rethrowing(free)) : null;
      if (message === null) return (free(), mayBegin ? 'nothing due' : 'not now');
      const occasion = lanes.isProbe ? 'probe' : 'due';
      lanes.isProbe = false;
      lanes.hasLeft = true;
      lanes.leave();
      lanes.underWay.add(message.lane);
      void this.sender
        .send(lanes.turn, lanes.recipient, message, occasion)
        .catch((error: unknown) => this.#note(lanes, error))
        .finally(() => {
          lanes.underWay.delete(message.lane);
          free();
          if (lanes.underWay.size === 0) lanes.waiting?.abort();
          lanes.wake.wakeUp();
        });
      return 'begun';
    } catch (error) {
      this.#note(lanes, error);
      return 'not now';
    }
  }

  #areTaken({ recipient: { bot } }: Lanes): boolean {
    return this.#places.areTaken(bot.id, placesOf(bot));
  }

  /**
   * An account that has left the loop waits for another place only while a message of it is under way. After that it gives others
   * its turn.
   */
  async #takePlace(lanes: Lanes): Promise<(() => void) | null> {
    const { bot } = lanes.recipient;
    if (lanes.hasLeft && lanes.underWay.size === 0 && this.#areTaken(lanes)) return null;
    lanes.waiting = new AbortController();
    const { signal } = lanes.waiting;
    const free = await this.#places.take(bot.id, placesOf(bot), { signal }).catch(() => null);
    lanes.waiting = null;
    return free;
  }

  #next(
    { turn, recipient, underWay, isProbe }: Lanes,
    how: Pick<NextOptions, 'isNew'> = {},
  ): Promise<Message | null> {
    return this.queue.next(turn, recipient.bot, this.storeClock.nowMs(), {
      ...how,
      isProbe,
      beside: underWay,
    });
  }

  #mayBegin(lanes: Lanes): boolean {
    if (this.sender.isStopping) return false;
    if (lanes.trouble !== null && this.clock.elapsedMs() < lanes.trouble.untilMs) return false;
    const recipient = this.recipients.findNow(lanes.turn);
    if (recipient?.bot.kind !== 'agent') return false;
    lanes.trouble = null;
    lanes.recipient = recipient;
    return lanes.isProbe || !this.circuits.isOpen(recipient.endpoint.href);
  }

  /** Nothing was sent as the probe, so another one follows. */
  #endProbe(lanes: Lanes): void {
    if (!lanes.isProbe) return;
    lanes.isProbe = false;
    this.circuits.inconclusive(lanes.recipient.endpoint.href);
  }

  /** A message whose outcome could not be stored is due again, and its answer may be known. */
  #note(lanes: Lanes, error: unknown): void {
    lanes.isInDoubt = true;
    lanes.trouble = { error, untilMs: this.clock.elapsedMs() + REST_MS };
  }
}

/** How many messages of the bot may be under way, over all its accounts. */
function placesOf(bot: KnownBot): number {
  return bot.kind === 'agent' ? bot.agent.concurrency : 1;
}

function rethrowing(before: () => void): (error: unknown) => never {
  return (error) => {
    before();
    throw error;
  };
}
