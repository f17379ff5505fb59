import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations, type MessageDestination } from '../../registry/accounts/destination.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import { MessageQueue, type Turn } from '../../queue/message-queue.js';
import { HandOver } from './hand-over.js';

const LOOK_AGAIN_FIRST_MS = 10;
const LOOK_AGAIN_LAST_MS = 2_560;

/** One to which messages can be sent now. */
export type ReadyDestination = MessageDestination & { readonly endpoint: Endpoint };

function isReady(to: MessageDestination | null): to is ReadyDestination {
  return to?.state === 'ready' && to.endpoint !== null;
}

/**
 * Finds the bot that takes the messages of an account now. If no bot takes them as messages, the waiting ones are
 * handed over as one event, or discarded where people serve the account.
 */
@Injectable()
export class Recipients {
  constructor(
    private readonly destinations: Destinations,
    private readonly queue: MessageQueue,
    private readonly handOver: HandOver,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * @returns `null` when nothing can be sent now; the turn is over then.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async find(turn: Turn): Promise<ReadyDestination | null> {
    const recipient = await this.#whenThere(turn);
    if (recipient === null) return this.#passOn(turn);
    if (isReady(recipient)) return recipient;
    // The bot's registration, the end of its pause, or the patrol, wakes the account. A replica that has the connection claims it.
    const href = recipient.state === 'elsewhere' ? (recipient.endpoint?.href ?? null) : null;
    await this.queue.release(turn, href, recipient.bot, this.storeClock.nowMs());
    return null;
  }

  /** To whom messages of the account can be sent at this moment; from memory. */
  findNow(turn: Turn): ReadyDestination | null {
    const recipient = this.destinations.findForMessages(turn);
    return isReady(recipient) ? recipient : null;
  }

  /** Another replica may have ended a pause and woken the account, so the store is asked. */
  async #whenThere(turn: Turn): Promise<MessageDestination | null> {
    const recipient = await this.#whenRegistered(turn);
    if (recipient?.state !== 'paused') return recipient;
    await this.destinations.confirm(turn);
    return this.destinations.findForMessages(turn);
  }

  /** Waits for a registration that is under way: it ends within milliseconds. */
  async #whenRegistered(turn: Turn): Promise<MessageDestination | null> {
    let recipient = this.destinations.findForMessages(turn);
    for (let pauseMs = LOOK_AGAIN_FIRST_MS; recipient?.state === 'registering'; pauseMs *= 2) {
      if (pauseMs > LOOK_AGAIN_LAST_MS) break;
      await this.clock.sleep(pauseMs);
      recipient = this.destinations.findForMessages(turn);
    }
    return recipient;
  }

  /** Hands the messages over to another recipient as one event. While there is none, they wait. */
  async #passOn(turn: Turn): Promise<ReadyDestination | null> {
    const nowMs = this.storeClock.nowMs();
    const destination = await this.destinations.confirm(turn);
    const { endpoint, state } = destination;
    // Another process has made the bot a moment ago.
    if (destination.isPulled) return this.find(turn);
    if (endpoint === null && state !== 'unserved') {
      await this.queue.release(turn, null, null, nowMs);
      return null;
    }
    if (endpoint === null) await this.queue.discard(turn, nowMs);
    else await this.handOver.asEvent(turn, destination, endpoint.href);
    await this.queue.release({ ...turn, isInDoubt: false }, null, null, nowMs);
    return null;
  }
}
