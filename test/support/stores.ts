/** Both stores opened as the application opens them, through its own modules. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/config.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { KernelModule } from '../../src/kernel/kernel.module.js';
import { Lifecycle } from '../../src/kernel/lifecycle.js';
import { PuppetRepository } from '../../src/registry/puppet.repository.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import type { OpenedRepository } from '../contracts/puppet-repository.contract.js';
import { dropDatabase, freshDatabaseUri } from './mongo/database.js';

@Module({})
class StorageOnly {}

/** Where one test keeps its data: the variables that name it, and how to throw it away. */
export interface Place {
  readonly env: Readonly<Record<string, string>>;
  discard(): Promise<void>;
}

export function embeddedPlace(): Place {
  const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-test-'));
  return {
    env: { DATA_DIR: dataDir },
    discard: async () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

export function mongoPlace(): Place {
  const uri = freshDatabaseUri();
  return { env: { MONGO_URI: uri }, discard: () => dropDatabase(uri) };
}

export async function openRepository(place: Place): Promise<OpenedRepository> {
  const config = loadConfig(place.env);
  const app = await NestFactory.createApplicationContext(
    {
      module: StorageOnly,
      imports: [
        ConfigModule.of(config),
        KernelModule.with(pino({ level: 'silent' }), new Lifecycle()),
        await StorageModule.for(config),
      ],
    },
    { logger: false, abortOnError: false },
  );
  return {
    repository: app.get(PuppetRepository),
    reopen: async () => {
      await app.close();
      return openRepository(place);
    },
    close: async () => {
      await app.close();
      await place.discard();
    },
  };
}
