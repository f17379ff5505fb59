import { Injectable } from '@nestjs/common';
import { DueMessages } from '../dispatch/later/due-messages.js';
import type { Occasion } from '../queue/failure.js';
import { MessageQueue, type Turn } from '../queue/message-queue.js';
import { MessageRounds } from './message-rounds.js';
import { CustomerLanes } from './sending/customer-lanes.js';
import { MessageTurns } from './sending/message-turns.js';

/** What the loop over messages claims, and how it sends that. */
@Injectable()
export class MessageLoop extends DueMessages {
  constructor(
    private readonly queue: MessageQueue,
    private readonly turns: MessageTurns,
    private readonly lanes: CustomerLanes,
    private readonly rounds: MessageRounds,
  ) {
    super();
  }

  override get lines(): MessageQueue['lines'] {
    return this.queue.lines;
  }

  override get wake(): MessageQueue['added'] {
    return this.queue.added;
  }

  override send(turn: Turn, occasion: Occasion, leave: () => void): Promise<void> {
    return this.turns.send(turn, occasion, leave);
  }

  override probeAtWork(endpoint: string): Promise<boolean> {
    return this.lanes.probe(endpoint);
  }

  override lookAtAll(): Promise<void> {
    return this.rounds.lookAtAll();
  }
}
