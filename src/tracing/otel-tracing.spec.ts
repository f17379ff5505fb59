import { beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { Log } from '../kernel/log.js';
import { Handover } from './handover.js';
import { LostSpans } from './lost-spans.js';
import { OtelTracing } from './otel-tracing.js';
import { readOtelVariables, type TracingSettings } from './otel-variables.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const MINUTE_MS = 60_000;

let clock: ManualClock;
let lines: { readonly spans?: number; readonly reason?: string; readonly msg: string }[];
let log: Log;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
});

function settingsOf(environment: Readonly<Record<string, string>> = {}): TracingSettings {
  const { settings } = readOtelVariables({ OTEL_TRACES_EXPORTER: 'console', ...environment });
  if (settings === null) throw new Error('a console is an exporter');
  return settings;
}

describe('a sampler', () => {
  const [parentOn, parentOff] = ['01', '00'].map((flags) => ({
    traceparent: `00-${TRACE}-${PARENT}-${flags}`,
    tracestate: null,
  }));
  if (parentOn === undefined || parentOff === undefined) throw new Error('there are two');

  it.each([
    ['always_on', '1', ['01', '01', '01']],
    ['always_off', '1', ['00', '00', '00']],
    ['traceidratio', '0', ['00', '00', '00']],
    ['traceidratio', '1', ['01', '01', '01']],
    ['parentbased_always_on', '1', ['01', '01', '00']],
    ['parentbased_always_off', '1', ['00', '01', '00']],
    ['parentbased_traceidratio', '0', ['00', '01', '00']],
  ])(
    '%s with %s decides what begins a trace, what is recorded before, and what is not: %j',
    async (name, ratio, flags) => {
      const settings = settingsOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio });
      const tracing = await OtelTracing.open({ ...settings, exporters: [] }, clock, log);
      const contexts = [null, parentOn, parentOff].map(
        (parent) => tracing.start('server', 'x', parent).context,
      );
      expect(contexts.map(({ traceparent }) => traceparent.slice(-2))).toEqual(flags);
      for (const { traceparent } of contexts.slice(1)) {
        expect(traceparent.slice(3, 35)).toBe(TRACE);
        expect(traceparent.slice(36, 52)).not.toBe(PARENT);
      }
      await tracing.end();
    },
  );
});

describe('spans that are lost', () => {
  it('are told of at once, and then once a minute, with their number', async () => {
    const lost = new LostSpans(clock, log);
    lost.add(3, 'ECONNREFUSED');
    lost.add(4, 'ECONNREFUSED');
    lost.add(5, 'queue_full');
    expect(lines).toMatchObject([{ msg: 'tracing.spans_lost', spans: 3, reason: 'ECONNREFUSED' }]);
    await clock.advance(MINUTE_MS);
    expect(lines[1]).toMatchObject({ spans: 9, reason: 'queue_full' });
    await clock.advance(10 * MINUTE_MS);
    expect(lines).toHaveLength(2);
    lost.add(1, 'ETIMEDOUT');
    expect(lines[2]).toMatchObject({ spans: 1, reason: 'ETIMEDOUT' });
  });

  function tracerOf(exporter: SpanExporter, environment: Readonly<Record<string, string>>) {
    const lost = new LostSpans(clock, log);
    const provider = new TracerProvider({
      spanProcessors: [new Handover(exporter, settingsOf(environment), lost)],
    });
    return { provider, lost, tracer: provider.getTracer('x') };
  }

  it('are those for which the queue has no room, and no other', async () => {
    const exporter = new InMemorySpanExporter();
    // Nothing is handed over before it ends.
    const limits = { OTEL_BSP_MAX_QUEUE_SIZE: '4', OTEL_BSP_SCHEDULE_DELAY: '3600000' };
    const { provider, lost, tracer } = tracerOf(exporter, limits);
    for (let n = 0; n < 4; n++) tracer.startSpan(`span-${n}`).end();
    // A full batch goes out at once.
    expect(exporter.getFinishedSpans()).toHaveLength(4);
    for (let n = 4; n < 10; n++) tracer.startSpan(`span-${n}`).end();
    lost.tell();
    expect(lines.map(({ spans, reason }) => [spans, reason])).toEqual([
      [1, 'queue_full'],
      [1, 'queue_full'],
    ]);
    await provider.forceFlush();
    expect(exporter.getFinishedSpans()).toHaveLength(8);
    await provider.shutdown();
  });

  it('are those that a receiver did not take, told without its words', async () => {
    const exporter: SpanExporter = {
      export: (_spans, onResult) => onResult({ code: 1, error: new Error('marked words of the receiver') }),
      shutdown: async () => {},
    };
    const { provider, tracer } = tracerOf(exporter, {});
    for (let n = 0; n < 3; n++) tracer.startSpan('x').end();
    await provider.forceFlush().catch(() => {});
    expect(lines).toMatchObject([{ spans: 3, reason: 'Error' }]);
    expect(JSON.stringify(lines)).not.toContain('marked');
    await provider.shutdown();
  });
});
