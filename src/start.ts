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
import { KnownOperators } from './operators/known-operators.js';
import { OperatorSync } from './operators/operator-sync.js';
import { RegistrySync } from './registry/sync/registry-sync.js';
import { Tracing } from './kernel/tracing.js';
import { startWords } from './cli/terminal/start-words.js';

/** A database that is away fails within 2 s. A store too large for this limit is read further while the manager listens. */
const FIRST_READ_LIMIT_MS = 3_000;

/** Starts the manager. If it cannot start, it logs one line for a person and ends the process. */
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
  log.info({ node: process.versions.node, settings: toSummary(config, process.env) }, 'manager.starting');
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
  const url = await app.getUrl();
  log.info({ url, startMs: Math.round(process.uptime() * 1000) }, 'manager.listening');
  if (process.stdout.isTTY)
    process.stdout.write(`${startWords(config, url, app.get(KnownOperators).hasAny)}\n`);
  stopOnSignals(app, lifecycle, config, log, app.get(Tracing));
}

/**
 * Reads the store before callers are let in, to know that it can be used, for instance with the keys of SECRETS_KEY. If the
 * store does not answer yet, callers are let in all the same, and reading goes on.
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
    const reason = `anybody who reaches this address can register puppets; let only trusted hosts reach it, or set ${names}`;
    log.warn({ host: config.host, reason }, 'manager.unprotected');
  } else if (closed.length > 0) {
    const reason = `routes that only these roles may call are closed; to open them, set ${names}`;
    log.info({ roles: closed, reason }, 'roles.closed');
  }
}

/** Logs one line for a person if a person can mend the cause, otherwise the whole error. */
function giveUp(log: Log, error: unknown): Promise<void> {
  // The same failure may be reported twice: by the function that awaits it, and as an unhandled rejection.
  givingUp ??= endWith(log, error);
  return givingUp;
}

let givingUp: Promise<void> | null = null;

async function endWith(log: Log, error: unknown): Promise<void> {
  if (error instanceof StorageStartError) log.fatal({ reason: error.message }, 'manager.cannot_start');
  else if (isAddressFault(error)) log.fatal({ reason: addressReason(error) }, 'manager.cannot_start');
  else log.fatal({ err: error }, 'manager.failed');
  await exitProcess(log, 1);
}

/** An error of Node at listening. */
interface AddressFault extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
}

function isAddressFault(error: unknown): error is AddressFault {
  return error instanceof Error && 'syscall' in error && /^(listen|getaddrinfo)$/.test(String(error.syscall));
}

function addressReason({ code, address, port, message }: AddressFault): string {
  if (code !== 'EADDRINUSE') return `${message}; set PORT and HOST`;
  return `port ${port} of ${address} is in use by another process, perhaps another manager (${code}); stop that one, or set PORT to another port`;
}
