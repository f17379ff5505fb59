import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import type { storageConfig } from '../storage.config.js';
import { StorageProbe } from '../storage-probe.js';
import { StoreMetrics } from '../store-metrics.js';
import { Database, type Statement, type Value } from './database.js';
import type { StatementResult } from './database-worker.js';
import { LASTING_TABLES, LOG_TABLES } from './tables.js';

/** The kinds of steps, as named in the metric. */
export const STEPS = ['append audit'] as const;
export type Step = (typeof STEPS)[number];

const OPENING = ['PRAGMA journal_mode = WAL'];

/** The two files in `DATA_DIR`, owned by this process alone. */
@Injectable()
export class SqliteStore extends StorageProbe implements OnApplicationShutdown {
  override readonly kind = 'embedded';

  /** @throws StorageStartError */
  static async open(
    { dataDir }: Pick<ConfigType<typeof storageConfig>, 'dataDir'>,
    metrics = new StoreMetrics('embedded', STEPS),
  ): Promise<SqliteStore> {
    const folder = resolve(dataDir);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lasting = await Database.open(join(folder, 'wxkf.db'), [
      ...OPENING,
      'PRAGMA synchronous = FULL',
      ...LASTING_TABLES,
    ]);
    const log = await Database.open(join(folder, 'log.db'), [
      'PRAGMA auto_vacuum = INCREMENTAL',
      ...OPENING,
      'PRAGMA synchronous = OFF',
      ...LOG_TABLES,
    ]);
    return new SqliteStore(lasting, log, metrics);
  }

  private constructor(
    private readonly lasting: Database,
    private readonly log: Database,
    private readonly metrics: StoreMetrics<Step>,
  ) {
    super();
  }

  /**
   * One step on what must last: all of its statements or none. It is on the disk when this resolves.
   * @returns one result a statement; `null` where one changed another number of rows than it had to, and nothing happened.
   * @throws AppError `STORE_UNAVAILABLE`; it may have happened or not.
   */
  step(what: Step, ...statements: readonly Statement[]): Promise<readonly StatementResult[] | null> {
    return this.metrics.measured(what, available(what, this.lasting.run(statements)));
  }

  /** Reads what must last. @throws AppError `STORE_UNAVAILABLE` */
  rows<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    return available('read', this.lasting.rows<T>(sql, ...values));
  }

  /** As `step`, of what may be lost with the machine. */
  logStep(what: Step, ...statements: readonly Statement[]): Promise<readonly StatementResult[] | null> {
    return this.metrics.measured(what, available(what, this.log.run(statements)));
  }

  /** Reads what may be lost with the machine. @throws AppError `STORE_UNAVAILABLE` */
  logRows<T>(sql: string, ...values: readonly Value[]): Promise<readonly T[]> {
    return available('read log', this.log.rows<T>(sql, ...values));
  }

  override async check(): Promise<void> {
    await this.rows('SELECT 1');
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.lasting.close(), this.log.close()]);
  }
}

async function available<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what } });
  }
}
