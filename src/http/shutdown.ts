import { setTimeout as delay } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/config.js';
import type { Lifecycle } from '../kernel/lifecycle.js';
import { exitProcess, type Log } from '../kernel/log.js';
import { onceEach } from '../kernel/sent-signal.js';
import type { Tracing } from '../kernel/tracing.js';

const LAST_REQUESTS_MS = 100;
/** The last part of the time limit, for work after the last answer: giving leases back, closing stores. */
export const CLOSING_MS = 6_000;

/**
 * SIGTERM drains. The process is no longer ready but still serves for a while, since a load balancer needs time
 * to notice. Then running requests end, and the process with them. SIGINT, a person's Ctrl-C, skips the first
 * part. A second signal, or the time limit, ends it at once.
 */
export function stopOnSignals(
  app: NestFastifyApplication,
  lifecycle: Lifecycle,
  config: Config,
  log: Log,
  tracing: Tracing,
): void {
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (lifecycle.isDraining) {
      log.info({ signal }, 'manager.stopped_at_once');
      await exitProcess(log, 0);
    }
    lifecycle.beginDrain();
    const delayMs = signal === 'SIGINT' ? 0 : config.drainDelayMs;
    log.info({ signal, delayMs }, 'manager.draining');
    setTimeout(() => {
      log.warn({ limitMs: config.drainTimeoutMs }, 'manager.stopped_late');
      void exitProcess(log, 0);
    }, config.drainTimeoutMs);
    const cutOff = (): void => {
      app.getHttpServer().closeAllConnections();
      lifecycle.cutOff();
    };
    // A client that still waits, or does not read its answer, would keep the process from closing its store.
    setTimeout(cutOff, cutAfterMs(config));
    await delay(delayMs);
    const closed = app.close();
    // Connections that were just accepted have not sent their requests yet.
    await delay(LAST_REQUESTS_MS);
    await lifecycle.whenIdle();
    // These connections wait for no answer. One that never sent a request would keep the process alive.
    cutOff();
    await closed;
    await tracing.end();
    log.info('manager.stopped');
    await exitProcess(log, 0);
  };
  const listener = onceEach((signal) => void stop(signal));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) replaceListeners(signal, listener);
}

/** When connections are cut: `CLOSING_MS` before the time limit; if that is short, halfway between delay and limit. */
function cutAfterMs({ drainDelayMs, drainTimeoutMs }: Config): number {
  return drainTimeoutMs - Math.min(CLOSING_MS, (drainTimeoutMs - drainDelayMs) / 2);
}

/** Adds first and then removes, so that a signal that came during the start, and is handled only now, finds a listener. */
function replaceListeners(signal: NodeJS.Signals, listener: NodeJS.SignalsListener): void {
  const earlier = process.listeners(signal);
  process.on(signal, listener);
  for (const replaced of earlier) process.off(signal, replaced);
}
