/** Both stores opened as the application opens them, through its own modules. */
import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/config.js';
import { configModule } from '../../src/config/config.module.js';
import { StorageProbe } from '../../src/storage/store/storage-probe.js';
import { AppError } from '../../src/kernel/app-error.js';
import { Clock, SystemClock } from '../../src/kernel/clock.js';
import { KernelModule } from '../../src/kernel/kernel.module.js';
import { Lifecycle } from '../../src/kernel/lifecycle.js';
import { StorageStartError } from '../../src/kernel/storage-start-error.js';
import { UnreadMetricsModule } from '../../src/metrics/unread-metrics.module.js';
import { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';
import { storageConfig } from '../../src/storage/store/storage.config.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { CONTENTS } from '../../src/store-contents.js';
import type { OpenedRepository } from '../contracts/puppet-repository.contract.js';
import type { Place } from './place.js';

@Module({})
class StorageOnly {}

/** One opened store; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedStore {
  /** The adapter of a port. */
  get<T>(port: abstract new (...args: never[]) => T): T;
  reopen(): Promise<OpenedStore>;
  /** Throws its data away. */
  close(): Promise<void>;
}

/** @param clock of this process; where several replicas' differ. */
export async function openStore(place: Place, clock: Clock = new SystemClock()): Promise<OpenedStore> {
  const kernel = KernelModule.forRoot(pino({ level: 'silent' }), new Lifecycle());
  const config = loadConfig(place.env);
  const app = await NestFactory.createApplicationContext(
    {
      module: StorageOnly,
      imports: [
        configModule(config, [storageConfig]),
        { ...kernel, providers: [...(kernel.providers ?? []), { provide: Clock, useValue: clock }] },
        UnreadMetricsModule,
        await StorageModule.forRoot(config, CONTENTS),
      ],
    },
    { logger: false, abortOnError: false },
  );
  await untilReady(app.get(StorageProbe));
  return {
    get: (port) => app.get(port as Type),
    reopen: async () => {
      await app.close();
      return openStore(place, clock);
    },
    close: async () => {
      await app.close();
      await place.discard();
    },
  };
}

/** A new database is prepared by the first operation, which on a busy machine may take longer than it is given. */
async function untilReady(probe: StorageProbe): Promise<void> {
  for (;;) {
    try {
      return await probe.check();
    } catch (error) {
      // Whoever then uses the store is told of it.
      if (error instanceof StorageStartError) return;
      if (!(error instanceof AppError)) throw error;
    }
  }
}

export async function openRepository(place: Place): Promise<OpenedRepository> {
  return toRepository(await openStore(place));
}

export function toRepository({ get, reopen, close }: OpenedStore): OpenedRepository {
  return { repository: get(PuppetRepository), reopen: async () => toRepository(await reopen()), close };
}
