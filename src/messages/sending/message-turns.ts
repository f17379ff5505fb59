import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { LEASE_MS, type Occasion } from '../../queue/failure.js';
import { MessageQueue, type Turn } from '../../queue/message-queue.js';
import { CustomerLanes } from './customer-lanes.js';
import { type EarlierSends, MessageSender } from './message-sender.js';
import { Recipients } from './recipients.js';

/** How long one account is served before others have their turn, if its bot takes each message at once. */
const TURN_MS = 1_000;
const RENEW_AFTER_MS = 5_000;

/** Serves an account for a turn: its messages go one after the other, those to an agent by customer. */
@Injectable()
export class MessageTurns {
  constructor(
    private readonly queue: MessageQueue,
    private readonly recipients: Recipients,
    private readonly lanes: CustomerLanes,
    private readonly sender: MessageSender,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * Resolves when the turn is over.
   * @param leave see `SendLeased`.
   * @throws AppError `STORE_UNAVAILABLE`; the lease then lapses.
   */
  async send(turn: Turn, occasion: Occasion, leave: () => void): Promise<void> {
    const stopRenewing = this.#renewUntilOver(turn);
    try {
      await this.#sendAll(turn, occasion, leave);
    } finally {
      stopRenewing();
    }
  }

  async #sendAll(begun: Turn, occasion: Occasion, leave: () => void): Promise<void> {
    const endMs = this.clock.elapsedMs() + TURN_MS;
    let turn = begun;
    let earlier: EarlierSends | null = null;
    for (let isFirst = true; ; isFirst = false) {
      const recipient = await this.recipients.find(turn);
      if (recipient === null) return;
      if (recipient.bot.kind === 'agent') return this.lanes.sendAll(turn, recipient, occasion, leave);
      earlier ??= await this.sender.findEarlier(turn, recipient);
      const { href } = recipient.endpoint;
      const next = await this.sender.sendNext(turn, recipient, earlier, isFirst && occasion === 'probe');
      turn = { ...begun, isInDoubt: earlier.doubted.size > 0 };
      if (next === 'goes on' && this.clock.elapsedMs() < endMs) continue;
      return this.queue.release(turn, href, recipient.bot, this.storeClock.nowMs());
    }
  }

  /** Renews the lease regularly. @returns a function that ends this. */
  #renewUntilOver(turn: Turn): () => void {
    const renew = (): void => {
      this.queue.lines.renew(turn, this.storeClock.nowMs(), LEASE_MS).catch(() => {});
      timer = this.clock.after(RENEW_AFTER_MS, renew);
    };
    let timer = this.clock.after(RENEW_AFTER_MS, renew);
    return () => timer.cancel();
  }
}
