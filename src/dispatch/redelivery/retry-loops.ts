import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import { Circuits } from '../line/circuit.js';
import type { Occasion } from '../outbox/hint.js';
import type { HintQueue } from '../outbox/hint-queue.js';
import { WaitingHints } from '../outbox/waiting-hints.js';
import type { ClaimedHint } from '../outbox/outbox.js';
import { HintSender } from './hint-sender.js';
import { RetryLoop } from './retry-loop.js';

/** A loop over something else that waits for endpoints. */
type OtherLoop = Pick<RetryLoop<never>, 'probe' | 'stop'>;

/** One loop over the outbox, and one over the hints that could not be stored. Others may join, which share the circuits. */
@Injectable()
export class RetryLoops {
  readonly kept: RetryLoop<ClaimedHint>;
  readonly unstored: RetryLoop<ClaimedHint>;
  readonly #all: OtherLoop[];

  constructor(
    waiting: WaitingHints,
    private readonly sender: HintSender,
    private readonly circuits: Circuits,
    clock: Clock,
    storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    const loopOver = (queue: HintQueue): RetryLoop<ClaimedHint> => {
      const { outbox } = queue;
      const send = (hint: ClaimedHint, occasion: Occasion) => sender.send(outbox, hint, occasion);
      return new RetryLoop(outbox, queue, send, circuits, clock, storeClock, log);
    };
    this.kept = loopOver(waiting.kept);
    this.unstored = loopOver(waiting.unstored);
    // Memory first: it answers when the outbox cannot.
    this.#all = [this.unstored, this.kept];
  }

  /** The loop probes endpoints for which no hint waits, and is stopped with the others. */
  join(loop: OtherLoop): void {
    this.#all.push(loop);
  }

  /** Sends the endpoint what waits for it longest. Never rejects. */
  async probe(endpoint: string): Promise<void> {
    try {
      for (const loop of this.#all) if (await loop.probe(endpoint)) return;
      this.circuits.nothingToProbe(endpoint);
    } catch (err) {
      this.log.debug({ endpoint: toAddress(endpoint), err }, 'outbox.probe_failed');
      this.circuits.inconclusive(endpoint);
    }
  }

  /** Claims nothing more; resolves when everything under way has its outcome. */
  async stop(): Promise<void> {
    this.sender.withdrawAll();
    await Promise.all(this.#all.map((loop) => loop.stop()));
  }
}
