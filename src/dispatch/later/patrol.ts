import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { Circuits } from '../endpoint/circuits.js';
import { WaitingHints } from './waiting-hints.js';
import { DueMessages } from './due-messages.js';
import { StrandedHints } from './stranded-hints.js';

const ROUND_MS = 20_000;

/**
 * Scans the queue regularly for what no due time brings up: stranded hints, messages, and endpoints for which something has
 * waited since before this process knew of them.
 */
@Injectable()
export class QueuePatrol {
  #timer: Timer | null = null;
  #isStopped = false;
  #isLookingAtMessages = false;
  #known: ReadonlySet<string> = new Set();

  constructor(
    private readonly waiting: WaitingHints,
    private readonly stranded: StrandedHints,
    private readonly dueMessages: DueMessages,
    private readonly destinations: Destinations,
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
    this.stranded.stop();
  }

  async #round(): Promise<void> {
    try {
      await this.stranded.lookAtWaiting(this.waiting.unstored);
      await this.stranded.lookAtWaiting(this.waiting.kept);
      this.#closeCircuitsOfNobody();
      await this.#suspectEndpoints();
      await this.stranded.lookAtParked(this.waiting.unstored);
      await this.stranded.lookAtParked(this.waiting.kept);
      this.waiting.kept.added.wakeUp();
    } catch (err) {
      this.log.debug({ err }, 'outbox.patrol_failed');
    }
    if (this.#isStopped) return;
    this.#lookAtMessages();
    this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  /** There may be very many messages, so the round does not wait until all of them were looked at. */
  #lookAtMessages(): void {
    if (this.#isLookingAtMessages) return;
    this.#isLookingAtMessages = true;
    void this.dueMessages.lookAtAll().finally(() => (this.#isLookingAtMessages = false));
  }

  /**
   * Hints may still wait for a URL that no bot has any more. They are tried, and their attempts find out
   * that no bot gets them.
   */
  #closeCircuitsOfNobody(): void {
    for (const endpoint of [...this.circuits.open]) {
      if (!this.destinations.isOfNobody(endpoint)) continue;
      this.circuits.close(endpoint);
      this.waiting.recovered(endpoint);
    }
  }

  async #suspectEndpoints(): Promise<void> {
    const all = [this.waiting.kept.lines, this.dueMessages.lines].map((lines) => lines.listEndpoints());
    const endpoints = new Set((await Promise.all(all)).flat());
    for (const endpoint of endpoints) {
      if (this.destinations.isElsewhere(endpoint)) continue;
      if (!this.#known.has(endpoint)) this.circuits.suspect(endpoint);
      // The endpoint may fail, and its probe may be lost.
      this.circuits.inconclusive(endpoint);
    }
    this.#known = endpoints;
  }
}
