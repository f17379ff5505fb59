import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RegistrySync } from '../../registry/image/registry-sync.js';
import { LateWork } from '../late-work.js';
import { Circuits } from '../line/circuit.js';
import { PuppetClient } from '../line/puppet-client.js';
import { HintKeeper } from '../outbox/hint-keeper.js';
import { OutboxPatrol } from './outbox-patrol.js';
import { RetryLoops } from './retry-loops.js';

/** Begins to deliver what was not taken at once, and ends it. */
@Injectable()
export class Redelivery implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly registry: RegistrySync,
    private readonly circuits: Circuits,
    private readonly loops: RetryLoops,
    private readonly patrol: OutboxPatrol,
    private readonly keeper: HintKeeper,
    private readonly late: LateWork,
    private readonly client: PuppetClient,
  ) {}

  onApplicationBootstrap(): void {
    this.circuits.start((endpoint) => void this.loops.probe(endpoint));
    void this.registry.whenLoaded().then(() => {
      this.loops.kept.start();
      this.patrol.start();
    });
    this.loops.unstored.start();
  }

  /** Takes no more, lets what is under way end, 5 s at most, and its outcome be written. Leases that are left lapse. */
  async onApplicationShutdown(): Promise<void> {
    this.circuits.stop();
    this.patrol.stop();
    await Promise.all([this.loops.stop(), this.late.whenOver()]);
    // What ended last may have left something behind.
    await this.late.whenOver();
    await this.keeper.whenWritten();
    await this.client.close();
  }
}
