import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import { Circuits } from '../line/circuit.js';
import type { HintQueue } from '../outbox/hint-queue.js';
import { WaitingHints } from '../outbox/waiting-hints.js';
import { HintSender } from './hint-sender.js';
import { RetryLoop } from './retry-loop.js';

/** One loop over the outbox, and one over the hints that could not be stored. */
@Injectable()
export class RetryLoops {
  readonly kept: RetryLoop;
  readonly unstored: RetryLoop;

  constructor(
    waiting: WaitingHints,
    private readonly sender: HintSender,
    private readonly circuits: Circuits,
    clock: Clock,
    storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    const loopOver = (queue: HintQueue): RetryLoop =>
      new RetryLoop(queue, sender, circuits, clock, storeClock, log);
    this.kept = loopOver(waiting.kept);
    this.unstored = loopOver(waiting.unstored);
  }

  /** Sends the endpoint its longest waiting hint. Never rejects. */
  async probe(endpoint: string): Promise<void> {
    try {
      // Memory first: it answers when the outbox cannot.
      const isSent = (await this.unstored.probe(endpoint)) || (await this.kept.probe(endpoint));
      if (!isSent) this.circuits.nothingToProbe(endpoint);
    } catch (err) {
      this.log.debug({ endpoint: toAddress(endpoint), err }, 'outbox.probe_failed');
      this.circuits.inconclusive(endpoint);
    }
  }

  /** Claims nothing more; resolves when everything under way has its outcome. */
  async stop(): Promise<void> {
    this.sender.withdrawAll();
    await Promise.all([this.kept.stop(), this.unstored.stop()]);
  }
}
