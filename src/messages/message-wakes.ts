import { Inject, Injectable } from '@nestjs/common';
import { WaitingMessages } from '../dispatch/endpoint/waiting-messages.js';
import { toAddress } from '../registry/endpoint/endpoint.js';
import { LOG, type Log } from '../kernel/log.js';
import { StoreClock } from '../kernel/store-clock.js';
import { Destinations, type MessageDestination } from '../registry/accounts/destination.js';
import { MessageQueue } from '../queue/message-queue.js';
import { CatchUp } from './pulling/catch-up.js';
import type { Addressee } from '../kernel/account.js';

/** Makes messages due when their endpoint is well again or their account has another recipient. */
@Injectable()
export class MessageWakes extends WaitingMessages {
  constructor(
    private readonly queue: MessageQueue,
    private readonly destinations: Destinations,
    private readonly catchUp: CatchUp,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
  }

  override recovered(endpoint: string): void {
    const woken = this.queue.lines.wakeEndpoint(endpoint, this.storeClock.nowMs());
    this.#follow(
      woken.then(() => this.queue.added.wakeUp()),
      endpoint,
    );
  }

  override woken(account: Addressee, isMoved: boolean): void {
    this.catchUp.lookAt(account, isMoved);
    const endpoint = this.endpointOf(account);
    if (endpoint !== null) this.#follow(this.wake(account, endpoint), endpoint);
  }

  override someWoken(): void {
    this.#follow(this.wakeMoved(), NOBODY);
  }

  /** All accounts whose messages wait elsewhere than where they would go now. @throws AppError `STORE_UNAVAILABLE` */
  async wakeMoved(): Promise<void> {
    for await (const account of this.queue.listAccounts()) {
      const endpoint = this.endpointOf(account);
      if (endpoint !== null && endpoint !== account.endpoint) await this.wake(account, endpoint);
    }
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  wake(account: Addressee, endpoint: string): Promise<void> {
    return this.queue.wake(account, endpoint, this.storeClock.nowMs());
  }

  /**
   * The endpoint of the bot that takes the account's messages, or that gets one event for all of them.
   * `null` while none is there.
   */
  endpointOf(account: Addressee): string | null {
    const recipient = this.destinations.findForMessages(account);
    const isThere = recipient !== null && THERE.has(recipient.state);
    if (recipient !== null) return isThere ? (recipient.endpoint?.href ?? null) : null;
    const { endpoint, state } = this.destinations.find(account);
    return endpoint?.href ?? (state === 'unserved' ? NOBODY : null);
  }

  #follow(write: Promise<void>, endpoint: string): void {
    write.catch((err: unknown) => {
      this.log.debug({ endpoint: toAddress(endpoint), err }, 'message.wake_failed');
    });
  }
}

/** States of a recipient whose messages have an endpoint to wait at, here or at another replica. */
const THERE: ReadonlySet<MessageDestination['state']> = new Set(['ready', 'registering', 'elsewhere']);

/** Stands for the endpoint of accounts that people serve. They become due, and their turn discards their messages. */
const NOBODY = 'nobody:';
