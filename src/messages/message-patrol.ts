import { Inject, Injectable } from '@nestjs/common';
import { Circuits } from '../dispatch/line/circuit.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { MessageStore } from './message-store.js';
import { MessageWakes } from './message-wakes.js';
import { CatchUp } from './pulling/catch-up.js';
import { MessageOutcomes } from './sending/message-outcomes.js';

const ROUND_MS = 20_000;

/**
 * Looks regularly at accounts with waiting messages whose taker is another one than they wait for, or is there again, and at
 * endpoints for which they have waited since before this process knew of them. Gives up what nobody took for 3 days, and clears
 * up what need not be known any more. Has accounts caught up that got a bot, or whose bot was there at the start.
 */
@Injectable()
export class MessagePatrol {
  #timer: Timer | null = null;
  #isStopped = false;
  #known: ReadonlySet<string> = new Set();

  constructor(
    private readonly store: MessageStore,
    private readonly wakes: MessageWakes,
    private readonly catchUp: CatchUp,
    private readonly outcomes: MessageOutcomes,
    private readonly circuits: Circuits,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.catchUp.stop();
  }

  async #round(): Promise<void> {
    try {
      await this.wakes.wakeMoved();
      await this.#suspectEndpoints();
      await this.catchUp.lookAtAll();
      await this.outcomes.clearUp();
    } catch (err) {
      this.log.debug({ err }, 'message.patrol_failed');
    }
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  async #suspectEndpoints(): Promise<void> {
    const endpoints = await this.store.listEndpoints();
    for (const endpoint of endpoints) {
      if (!this.#known.has(endpoint)) this.circuits.suspect(endpoint);
      // For an endpoint that fails and whose probe was lost.
      this.circuits.inconclusive(endpoint);
    }
    this.#known = new Set(endpoints);
  }
}
