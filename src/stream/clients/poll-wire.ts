import type { Clock, Timer } from '../../kernel/clock.js';
import type { EventFrame } from '../frames.js';
import type { Wire } from './client.js';

/** A client that asked for nothing for so long is gone. */
const CONNECTED_MS = 60_000;
/** In one answer. */
const EVENTS_MAX = 100;

/** One request of the client that waits for events. */
interface Asking {
  readonly answer: (events: readonly EventFrame[]) => void;
  readonly timer: Timer;
}

/** Frames as answers to a client that asks again and again. */
export class PollWire implements Wire {
  readonly #waiting: EventFrame[] = [];
  #asking: Asking | null = null;
  #idle: Timer;
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    /** Called with each frame that the client is given. */
    private readonly onSent: (frame: EventFrame) => void,
    /** Called once, when the client does not come back. */
    private readonly onLost: () => void,
  ) {
    this.#idle = this.#loseLater();
  }

  /**
   * Resolves with events as soon as there are any, or with none after `waitMs`. A request that was waiting gets none.
   * @param gone resolves when the caller hangs up.
   */
  async ask(waitMs: number, gone: Promise<void>): Promise<readonly EventFrame[]> {
    this.#answer([]);
    this.#idle.cancel();
    const { promise, resolve } = Promise.withResolvers<readonly EventFrame[]>();
    const timer = this.clock.after(waitMs, () => this.#answer([]));
    const asking = { answer: resolve, timer };
    this.#asking = asking;
    void gone.then(() => {
      if (this.#asking === asking) this.#answer([]);
    });
    if (this.#waiting.length > 0 || this.#isClosed) this.#giveAll();
    return promise;
  }

  offer(frame: EventFrame): boolean {
    this.#waiting.push(frame);
    // What comes in the same tick goes with it.
    if (this.#asking !== null) queueMicrotask(() => this.#giveAll());
    return false;
  }

  withdraw(frame: EventFrame): void {
    const at = this.#waiting.indexOf(frame);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  /** Roles and heartbeats are for those that can be told at any time. */
  tell(): void {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#idle.cancel();
    this.#answer([]);
    this.#idle.cancel();
    this.onLost();
  }

  #giveAll(): void {
    if (this.#asking === null) return;
    const events = this.#waiting.splice(0, EVENTS_MAX);
    if (events.length === 0 && !this.#isClosed) return;
    for (const frame of events) this.onSent(frame);
    this.#answer(events);
  }

  #answer(events: readonly EventFrame[]): void {
    const asking = this.#asking;
    if (asking === null) return;
    this.#asking = null;
    asking.timer.cancel();
    asking.answer(events);
    this.#idle = this.#loseLater();
  }

  #loseLater(): Timer {
    return this.clock.after(CONNECTED_MS, () => this.close());
  }
}
