import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { DiskHealthIndicator, type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { storageConfig } from './store/storage.config.js';
import { StorageProbe } from './store/storage-probe.js';

const USED_SHARE_MAX = 0.95;
const TOO_LITTLE = 'less than 256 MB are free, so no messages are pulled; free space';

/** The health of the disk of `DATA_DIR`; with MongoDB there is nothing to report. */
@Injectable()
export class DataDirHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly disk: DiskHealthIndicator,
    private readonly storage: StorageProbe,
    @Inject(storageConfig.KEY) private readonly config: ConfigType<typeof storageConfig>,
  ) {}

  async isHealthy(): Promise<HealthIndicatorResult> {
    const { mongoUri, dataDir } = this.config;
    if (mongoUri !== undefined) return {};
    try {
      if (this.storage.room() !== 'enough')
        return this.indicators.check('disk').down({ message: TOO_LITTLE });
      return await this.disk.checkStorage('disk', { path: dataDir, thresholdPercent: USED_SHARE_MAX });
    } catch {
      return this.indicators
        .check('disk')
        .down({ message: 'DATA_DIR cannot be found any more; make the folder available again' });
    }
  }
}
