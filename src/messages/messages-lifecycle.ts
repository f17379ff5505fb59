import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RetryLoop } from '../dispatch/redelivery/retry-loop.js';
import { RetryLoops } from '../dispatch/redelivery/retry-loops.js';
import { RegistrySync } from '../registry/image/registry-sync.js';
import { MessagePatrol } from './message-patrol.js';
import { MessageStore, type Turn } from './message-store.js';
import { Puller } from './pulling/puller.js';
import { MessageSender } from './sending/message-sender.js';

/** Starts and stops the sending of messages. */
@Injectable()
export class MessagesLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #loop: RetryLoop<Turn>;

  constructor(
    private readonly registry: RegistrySync,
    private readonly sender: MessageSender,
    private readonly patrol: MessagePatrol,
    loops: RetryLoops,
    store: MessageStore,
    puller: Puller,
  ) {
    this.#loop = loops.join(store, puller.added, (turn, occasion) => sender.send(turn, occasion));
  }

  onApplicationBootstrap(): void {
    void this.registry.whenLoaded().then(() => {
      this.#loop.start();
      this.patrol.start();
    });
  }

  /** The loop is stopped with those of hints. */
  onApplicationShutdown(): void {
    this.patrol.stop();
    this.sender.stop();
  }
}
