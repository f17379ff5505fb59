import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CurrentStatus } from '../insight/verdict/current-status.js';
import { Successes } from '../insight/verdict/seen-to-work.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { LOG, type Log } from '../kernel/log.js';
import { BackgroundWork } from '../kernel/background-work.js';
import { ROUND_MS } from './book.js';
import { Notifier } from './notifier.js';
import { type Receiver, Receivers } from './receivers.js';
import { type Sight, toSight } from './trouble.js';

/** How long a stop waits for messages under way. One that takes longer is told again, by whichever replica runs then. */
const LAST_MS = 2_000;

/** Looks every few seconds at what needs attention, and has it told. Does nothing without a receiver. */
@Injectable()
export class NotificationRounds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #telling = new BackgroundWork();
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly receivers: Receivers,
    private readonly status: CurrentStatus,
    private readonly successes: Successes,
    private readonly notifier: Notifier,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (this.receivers.all.length > 0) this.#later();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.clock.within(LAST_MS, this.#telling.whenOver());
  }

  #later(): void {
    this.#timer = this.clock.after(ROUND_MS, () => {
      void this.#telling.add(this.#round()).finally(() => {
        if (!this.#isStopped) this.#later();
      });
    });
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    // A replica that stops is not ready. That is meant, so it is no trouble.
    if (this.lifecycle.isDraining) return;
    try {
      const { verdict } = await this.status.read();
      const sight = toSight(verdict, await this.successes.look());
      await Promise.all(this.receivers.all.map((receiver) => this.#note(receiver, sight)));
    } catch (err) {
      this.log.error({ err }, 'notification.round_failed');
    }
  }

  /** Does not wait for the message, so that a slow receiver delays neither the others nor the next round. */
  async #note(receiver: Receiver, sight: Sight): Promise<void> {
    const due = await this.notifier.note(receiver, sight);
    if (due === null) return;
    void this.#telling.add(
      this.notifier.tell(receiver, due).catch((err: unknown) => {
        this.log.error({ err }, 'notification.round_failed');
      }),
    );
  }
}
