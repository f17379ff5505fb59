import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import { ConnectedBots } from '../../registry/bots/connected-bots.js';
import { Circuits } from '../endpoint/circuits.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { WaitingHints } from './waiting-hints.js';
import type { Hint } from '../../queue/event.js';
import type { LineHead } from '../../storage/queue/line.js';
import { DueMessages } from './due-messages.js';
import { HintSender } from './sender.js';
import { type DueSource, RetryLoop } from './loop.js';

/** One loop over the queue, one over the hints that could not be stored, and one over messages. They share the circuits. */
@Injectable()
export class RetryLoops {
  readonly kept: RetryLoop<Hint>;
  readonly unstored: RetryLoop<Hint>;
  readonly #all: Pick<RetryLoop<never>, 'start' | 'probe' | 'stop'>[];

  constructor(
    waiting: WaitingHints,
    private readonly sender: HintSender,
    private readonly messages: DueMessages,
    private readonly circuits: Circuits,
    connected: ConnectedBots,
    clock: Clock,
    storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    const loopOver = <T extends LineHead>(source: DueSource<T>) =>
      new RetryLoop(source, circuits, connected, clock, storeClock, log);
    const ofHints = (queue: EventQueue) =>
      loopOver<Hint>({
        lines: queue.lines,
        wake: queue.added,
        send: (hint, occasion) => sender.send(queue, hint, occasion),
      });
    this.kept = ofHints(waiting.kept);
    this.unstored = ofHints(waiting.unstored);
    const ofMessages = loopOver(messages);
    this.#all = [this.unstored, this.kept, ofMessages];
  }

  /** Starts the loops over what is stored. Call it once the registry is loaded. */
  start(): void {
    for (const loop of this.#all) if (loop !== this.unstored) loop.start();
  }

  /**
   * Sends the endpoint something that waits for it. The first loop is drawn by chance, so that no loop takes all
   * probes. Accounts that are held back go first, since other accounts of the endpoint need no probe. Never rejects.
   */
  async probe(endpoint: string): Promise<void> {
    const first = Math.floor(Math.random() * this.#all.length);
    const inTurn = [...this.#all.slice(first), ...this.#all.slice(0, first)];
    const heldBack = this.circuits.heldBackOf(endpoint);
    const ofHeldBack = heldBack.size === 0 ? [] : [this.unstored, this.kept];
    const probes = [
      ...ofHeldBack.map((loop) => () => loop.probe(endpoint, heldBack)),
      ...inTurn.map((loop) => () => loop.probe(endpoint)),
      () => this.messages.probeAtWork(endpoint),
    ];
    let hasFailed = false;
    for (const probe of probes) {
      try {
        if (await probe()) return;
      } catch (err) {
        hasFailed = true;
        this.log.debug({ endpoint: toAddress(endpoint), err }, 'outbox.probe_failed');
      }
    }
    if (hasFailed) this.circuits.inconclusive(endpoint);
    else this.circuits.nothingToProbe(endpoint);
  }

  /** Claims nothing more; resolves when everything under way has its outcome. */
  async stop(): Promise<void> {
    this.sender.withdrawAll();
    await Promise.all(this.#all.map((loop) => loop.stop()));
  }
}
