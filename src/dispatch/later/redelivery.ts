import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { RegistrySync } from '../../registry/sync/registry-sync.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import { Circuits } from '../endpoint/circuits.js';
import { HttpCarrier } from '../http/http-carrier.js';
import { HintKeeper } from './hint-keeper.js';
import { QueuePatrol } from './patrol.js';
import { RetryLoops } from './loops.js';

/** Starts and stops the delivery of what was not taken at once. */
@Injectable()
export class Redelivery implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly registry: RegistrySync,
    private readonly circuits: Circuits,
    private readonly loops: RetryLoops,
    private readonly patrol: QueuePatrol,
    private readonly keeper: HintKeeper,
    private readonly late: BackgroundWork,
    private readonly client: HttpCarrier,
  ) {}

  onApplicationBootstrap(): void {
    this.circuits.start((endpoint) => void this.loops.probe(endpoint));
    void this.registry.whenLoaded().then(() => {
      this.loops.start();
      this.patrol.start();
    });
    this.loops.unstored.start();
  }

  /**
   * Claims nothing more. Waits until attempts under way have ended, for 10 s at most, and their outcomes are stored.
   * Remaining leases lapse.
   */
  async onApplicationShutdown(): Promise<void> {
    this.circuits.stop();
    this.patrol.stop();
    await Promise.all([this.loops.stop(), this.late.whenOver()]);
    // The attempts that ended last may still have something to write.
    await this.late.whenOver();
    await this.keeper.whenWritten();
    await this.client.close();
  }
}
