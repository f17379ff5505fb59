import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { WaitingHints } from '../dispatch/outbox/waiting-hints.js';
import { RetryLoops } from '../dispatch/redelivery/retry-loops.js';
import { MessageWakes } from './message-wakes.js';
import { MessageStore } from './queue/message-store.js';
import { CatchUp } from './pulling/catch-up.js';
import { Patrol } from './pulling/patrol.js';
import { Puller } from './pulling/puller.js';
import { CustomerLanes } from './sending/customer-lanes.js';
import { MessageAttempts } from './sending/message-attempts.js';
import { MessageSender } from './sending/message-sender.js';

/**
 * Adds a loop for messages to the loops of hints, and waiting messages to the patrol. Both start and stop with those
 * of hints.
 */
@Injectable()
export class MessagesLifecycle implements OnApplicationShutdown {
  constructor(
    sender: MessageSender,
    lanes: CustomerLanes,
    private readonly attempts: MessageAttempts,
    private readonly catchUp: CatchUp,
    private readonly patrol: Patrol,
    loops: RetryLoops,
    waiting: WaitingHints,
    wakes: MessageWakes,
    store: MessageStore,
    puller: Puller,
  ) {
    waiting.tellAlso(wakes);
    loops.join(
      store.lines,
      puller.added,
      (turn, occasion, leave) => sender.send(turn, occasion, leave),
      (endpoint) => lanes.probe(endpoint),
    );
  }

  onApplicationShutdown(): void {
    this.catchUp.stop();
    this.patrol.stop();
    this.attempts.stop();
  }
}
