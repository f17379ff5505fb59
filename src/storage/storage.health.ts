import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Clock } from '../kernel/clock.js';
import { Recent } from '../kernel/recent.js';
import { StorageProbe } from './store/storage-probe.js';

/** Anyone may ask for health at any rate; the store is asked at most this often. */
const PROBE_AGE_MS_MAX = 5_000;

@Injectable()
export class StorageHealthIndicator {
  readonly #isUp: Recent<boolean>;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly storage: StorageProbe,
    clock: Clock,
  ) {
    this.#isUp = new Recent(clock, () =>
      storage.check().then(
        () => true,
        () => false,
      ),
    );
  }

  async isHealthy(): Promise<HealthIndicatorResult> {
    const { kind } = this.storage;
    const indicator = this.indicators.check('storage');
    if (await this.#isUp.latest(PROBE_AGE_MS_MAX)) return indicator.up({ kind });
    return indicator.down({ kind, message: 'the store does not answer; the log says why' });
  }
}
