import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DueMessages } from '../dispatch/later/due-messages.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Occasion } from '../queue/failure.js';
import { MessageWakes } from './message-wakes.js';
import { CatchUp } from './pulling/catch-up.js';
import { Patrol } from './pulling/patrol.js';
import { Puller } from './pulling/puller.js';
import { MessageQueue, type Turn } from '../queue/message-queue.js';
import { CustomerLanes } from './sending/customer-lanes.js';
import { LongWaits } from './sending/long-waits.js';
import { MessageAttempts } from './sending/message-attempts.js';
import { MessageOutcomes } from './sending/message-outcomes.js';
import { MessageSender } from './sending/message-sender.js';

/**
 * What the loop over messages claims, and how it sends that. With the patrol of hints it finds what nothing woke, gives up
 * messages that nobody took for 3 days, and catches up accounts that got a bot.
 */
@Injectable()
export class MessageLoop extends DueMessages implements OnApplicationShutdown {
  constructor(
    private readonly queue: MessageQueue,
    private readonly puller: Puller,
    private readonly sender: MessageSender,
    private readonly lanes: CustomerLanes,
    private readonly attempts: MessageAttempts,
    private readonly wakes: MessageWakes,
    private readonly waits: LongWaits,
    private readonly catchUp: CatchUp,
    private readonly patrol: Patrol,
    private readonly outcomes: MessageOutcomes,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
  }

  override get lines(): MessageQueue['lines'] {
    return this.queue.lines;
  }

  override get wake(): Puller['added'] {
    return this.puller.added;
  }

  override send(turn: Turn, occasion: Occasion, leave: () => void): Promise<void> {
    return this.sender.send(turn, occasion, leave);
  }

  override probeAtWork(endpoint: string): Promise<boolean> {
    return this.lanes.probe(endpoint);
  }

  override async lookAtAll(): Promise<void> {
    this.patrol.start();
    try {
      await this.wakes.wakeMoved();
      await this.waits.findAll();
      await this.catchUp.lookAtAll();
      await this.outcomes.clearUp();
    } catch (err) {
      this.log.debug({ err }, 'message.patrol_failed');
    }
  }

  onApplicationShutdown(): void {
    this.catchUp.stop();
    this.patrol.stop();
    this.attempts.stop();
  }
}
