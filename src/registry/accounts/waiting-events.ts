import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../../kernel/log.js';
import type { BotsListener } from '../bots/bots.service.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { type Destination, Destinations } from './destination.js';

/** The events that wait for somebody to take them. */
export abstract class WaitingEvents {
  /**
   * Claims what waits for the puppet's account. Call it once the registration is stored, before it is answered.
   * @returns a function that sends the claimed event; call it in the tick in which the answer was written.
   */
  abstract claimFor(registered: Puppet): Promise<() => void>;

  /**
   * Makes due what waits for the account, if anybody takes its events now.
   * @param isMoved whether the account may now belong to a bot that existed before.
   */
  abstract wake(destination: Destination, isMoved: boolean): Promise<void>;

  /** Makes due what waits of the corp's paused bots. What is for a bot that is still paused is kept again. */
  abstract pauseEnded(corpId: string): Promise<void>;

  /** Forgets that the endpoint failed, and makes due what waits for it. @param endpoint as in `Endpoint.href`. Never rejects. */
  abstract tryAgain(endpoint: string): Promise<void>;
}

/** Makes waiting events due for their present bot after bots have changed. The patrol finds those that this misses. */
@Injectable()
export class BotWakes implements BotsListener {
  constructor(
    private readonly destinations: Destinations,
    private readonly waiting: WaitingEvents,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Which accounts a bot of all others has is known by what waits alone. */
  resumed(corpId: string): void {
    this.waiting.pauseEnded(corpId).catch((err: unknown) => {
      this.log.debug({ corpId, err }, 'outbox.wake_failed');
    });
  }

  agentChanged(endpoint: string): void {
    void this.waiting.tryAgain(endpoint);
  }

  changed(corpId: string, openKfIds: ReadonlySet<string>, moved: readonly string[]): void {
    for (const openKfId of openKfIds) {
      const destination = this.destinations.find({ corpId, openKfId });
      this.waiting.wake(destination, moved.includes(openKfId)).catch((err: unknown) => {
        this.log.debug({ openKfId, err }, 'outbox.wake_failed');
      });
    }
  }
}
