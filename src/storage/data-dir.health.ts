import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { DiskHealthIndicator, type HealthIndicatorResult } from '@nestjs/terminus';
import { storageConfig } from './storage.config.js';

const USED_SHARE_MAX = 0.95;

/** Of the disk that `DATA_DIR` is on; with MongoDB there is nothing to say of it. */
@Injectable()
export class DataDirHealthIndicator {
  constructor(
    private readonly disk: DiskHealthIndicator,
    @Inject(storageConfig.KEY) private readonly config: ConfigType<typeof storageConfig>,
  ) {}

  async isHealthy(): Promise<HealthIndicatorResult> {
    const { mongoUri, dataDir } = this.config;
    if (mongoUri !== undefined) return {};
    return this.disk.checkStorage('disk', { path: dataDir, thresholdPercent: USED_SHARE_MAX });
  }
}
