import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { RetryLoops } from '../dispatch/redelivery/retry-loops.js';
import { MessageStore } from './message-store.js';
import { CatchUp } from './pulling/catch-up.js';
import { Puller } from './pulling/puller.js';
import { MessageSender } from './sending/message-sender.js';

/** Has messages sent by a loop beside those of hints, which starts and stops with them. */
@Injectable()
export class MessagesLifecycle implements OnApplicationShutdown {
  constructor(
    private readonly sender: MessageSender,
    private readonly catchUp: CatchUp,
    loops: RetryLoops,
    store: MessageStore,
    puller: Puller,
  ) {
    loops.join(store, puller.added, (turn, occasion) => sender.send(turn, occasion));
  }

  onApplicationShutdown(): void {
    this.catchUp.stop();
    this.sender.stop();
  }
}
