/** From the environment to a manager that listens. */
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { type Config, isOpen, secretsOf, secretsSettingOf, toSummary } from './config/config.js';
import { configOrExit } from './config/config-or-exit.js';
import { NestLog } from './http/log/nest-log.js';
import { createHttpServer } from './http/server.js';
import { stopOnSignals } from './http/shutdown.js';
import { tellOfUnnamedProxy } from './http/request/trusted-proxies.js';
import { SystemClock } from './kernel/clock.js';
import { Lifecycle } from './kernel/lifecycle.js';
import { createLog, exitProcess, type Log } from './kernel/log.js';
import { ROLES } from './kernel/role.js';
import { StorageStartError } from './kernel/storage-start-error.js';
import { OperatorSync } from './operators/operator-sync.js';
import { RegistrySync } from './registry/sync/registry-sync.js';
import { Tracing } from './kernel/tracing.js';

/** A database that is away fails within 2 s; a store so large that it takes longer is read on while the manager listens. */
const FIRST_READ_LIMIT_MS = 3_000;

/** Ends the process, with a line for a person, where it cannot start. */
export async function start(): Promise<void> {
  const config = configOrExit();
  const log = await createLog(config.logLevel, config.logFormat);
  process.on('unhandledRejection', (error) => void giveUp(log, error));
  try {
    await serve(config, log);
  } catch (error) {
    await giveUp(log, error);
  }
}

async function serve(config: Config, log: Log): Promise<void> {
  log.info({ node: process.versions.node, settings: toSummary(config) }, 'manager.starting');
  const lifecycle = new Lifecycle();
  const clock = new SystemClock();
  const server = createHttpServer(config, log, clock);
  const module = await AppModule.forRoot(config, log, lifecycle, server);
  const app = await NestFactory.create<NestFastifyApplication>(module, server.adapter, {
    abortOnError: false,
    bodyParser: false,
    logger: new NestLog(log),
  });
  await readOnce(app.get(RegistrySync), app.get(OperatorSync));
  await app.listen(config.port, config.host);
  tellProtection(config, log);
  tellOfUnnamedProxy(config, log);
  log.info({ url: await app.getUrl(), startMs: Math.round(process.uptime() * 1000) }, 'manager.listening');
  stopOnSignals(app, lifecycle, config, log, app.get(Tracing));
}

/**
 * Callers are let in once it is known that the store can be used, with these keys of SECRETS_KEY for one. Where the store
 * cannot be read yet, they are let in all the same: it is waited for.
 * @throws StorageStartError
 */
async function readOnce(registry: RegistrySync, operators: OperatorSync): Promise<void> {
  const limit = new AbortController();
  const late = delay(FIRST_READ_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {});
  const all = Promise.all([registry.start(), operators.start()]);
  await Promise.race([all, late]).finally(() => limit.abort());
}

function tellProtection(config: Config, log: Log): void {
  const closed = ROLES.filter((role) => secretsOf(config, role).length === 0);
  const names = closed.map(secretsSettingOf).join(', ');
  if (isOpen(config)) {
    const reason = `whoever reaches this address can register puppets; let only trusted hosts reach it, or set ${names}`;
    log.warn({ host: config.host, reason }, 'manager.unprotected');
  } else if (closed.length > 0) {
    log.info({ roles: closed, reason: `what only they may call is closed; set ${names}` }, 'roles.closed');
  }
}

/** A line for a person where the cause is a person's to mend, the error itself where it is ours. */
function giveUp(log: Log, error: unknown): Promise<void> {
  // The same failure may be reported twice: by whoever waits for it, and as unhandled.
  givingUp ??= endWith(log, error);
  return givingUp;
}

let givingUp: Promise<void> | null = null;

async function endWith(log: Log, error: unknown): Promise<void> {
  if (error instanceof StorageStartError) log.fatal({ reason: error.message }, 'manager.cannot_start');
  else if (isAddressFault(error))
    log.fatal({ reason: `${error.message}; set PORT and HOST` }, 'manager.cannot_start');
  else log.fatal({ err: error }, 'manager.failed');
  await exitProcess(log, 1);
}

function isAddressFault(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && /^(listen|getaddrinfo)$/.test(String(error.syscall));
}
