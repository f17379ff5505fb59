/** A manager whose bots all take events. */
import { DueMessages } from '../../src/dispatch/later/due-messages.js';
import { TriedEvents } from '../../src/dispatch/endpoint/tried-events.js';
import { WaitingMessages } from '../../src/dispatch/endpoint/waiting-messages.js';
import type { RecordedAttempt } from '../../src/dispatch/endpoint/deliveries.js';
import { WakeUp } from '../../src/kernel/wake-up.js';
import { Lines } from '../../src/queue/lines.js';
import { MESSAGE_LINES } from '../../src/queue/message-line.js';
import { MemoryQueueStore } from './memory-queue.js';

export class NoWaitingMessages extends WaitingMessages {
  override recovered(): void {}
  override woken(): void {}
  override someWoken(): void {}
}

export class NoTriedEvents extends TriedEvents {
  override ended(_delivery: RecordedAttempt): void {}
}

export class NoDueMessages extends DueMessages {
  override readonly lines = new Lines(new MemoryQueueStore(), MESSAGE_LINES);
  override readonly wake = new WakeUp();
  override async send(): Promise<void> {}
  override async probeAtWork(): Promise<boolean> {
    return false;
  }
  override async lookAtAll(): Promise<void> {}
}
