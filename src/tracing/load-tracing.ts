import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import { NoTracing, type Tracing } from '../kernel/tracing.js';
import { readOtelVariables } from './otel-variables.js';

/** Loads OpenTelemetry only if its variables ask for it. Never rejects. */
export async function loadTracing(environment: NodeJS.ProcessEnv, clock: Clock, log: Log): Promise<Tracing> {
  const { settings, ignored } = readOtelVariables(environment);
  for (const { name, expected } of ignored) {
    log.warn({ name, reason: `it is ignored; expected ${expected}` }, 'tracing.variable_ignored');
    // The exporter reads the environment itself, so the invalid variable is removed.
    delete environment[name];
  }
  if (settings === null) return new NoTracing();
  try {
    const { OtelTracing } = await import('./otel-tracing.js');
    const tracing = await OtelTracing.open(settings, clock, log);
    const { exporters, sampler } = settings;
    log.info({ exporters, sampler }, 'tracing.on');
    return tracing;
  } catch (err) {
    log.error({ err }, 'tracing.cannot_start');
    return new NoTracing();
  }
}
