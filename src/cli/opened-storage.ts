import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { destination, pino } from 'pino';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { KernelModule } from '../kernel/kernel.module.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { StorageModule } from '../storage/storage.module.js';

class StorageOnly {}

/** The storage as the manager opens it, without the rest. Warnings go to standard error. @throws StorageStartError */
export async function openStorage(config: Config): Promise<INestApplicationContext> {
  const log = pino({ level: 'warn', base: null }, destination({ dest: 2, sync: true }));
  const imports = [
    ConfigModule.forRoot(config),
    KernelModule.forRoot(log, new Lifecycle()),
    await StorageModule.forRoot(config),
  ];
  const module = { module: StorageOnly, imports };
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}
