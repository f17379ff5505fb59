import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { destination, pino } from 'pino';
import type { Config } from '../../config/config.js';
import { configModule } from '../../config/config.module.js';
import { KernelModule } from '../../kernel/kernel.module.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { UnreadMetricsModule } from '../../metrics/unread-metrics.module.js';
import { storageConfig } from '../../storage/store/storage.config.js';
import { StorageModule } from '../../storage/storage.module.js';
import { interruptible } from '../terminal/interruption.js';
import { CONTENTS } from '../../store-contents.js';

class StorageOnly {}

/**
 * Opens the storage as the manager does, for as long as `work` takes. Warnings go to standard error.
 * @throws StorageStartError, and what `work` throws
 */
export function withStorage<T>(
  config: Config,
  work: (storage: INestApplicationContext, stop: AbortSignal) => Promise<T>,
): Promise<T> {
  return interruptible(async (stop) => {
    // Standard output is for the output of the command.
    const log = pino({ level: 'warn', base: null }, destination({ dest: 2, sync: true }));
    const imports = [
      configModule(config, [storageConfig]),
      KernelModule.forRoot(log, new Lifecycle()),
      UnreadMetricsModule,
      await StorageModule.forRoot(config, CONTENTS),
    ];
    const module = { module: StorageOnly, imports };
    const options = { logger: false, abortOnError: false } as const;
    const storage = await NestFactory.createApplicationContext(module, options);
    try {
      return await work(storage, stop);
    } finally {
      await storage.close();
    }
  });
}
