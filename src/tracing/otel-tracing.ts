/**
 * Makes spans with OpenTelemetry and hands them over in batches in the background. It is loaded only when tracing is on, since it
 * takes memory and time at the start. No request waits for the receiver. Spans that cannot be handed over are dropped.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Context,
  createTraceState,
  SpanKind as Kind,
  ROOT_CONTEXT,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ConsoleSpanExporter,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Clock } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { type Span, type SpanKind, Tracing } from '../kernel/tracing.js';
import { Handover } from './handover.js';
import { LostSpans } from './lost-spans.js';
import { OtelSpan } from './otel-span.js';
import type { TracingSettings } from './otel-variables.js';

/** At the end, the time for handing over the last spans. */
const LAST_SPANS_LIMIT_MS = 2_000;

const KINDS: Readonly<Record<SpanKind, Kind>> = {
  server: Kind.SERVER,
  client: Kind.CLIENT,
  internal: Kind.INTERNAL,
};

export class OtelTracing extends Tracing {
  override readonly isOn = true;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  static async open(settings: TracingSettings, clock: Clock, log: Log): Promise<OtelTracing> {
    const exporters = await Promise.all(settings.exporters.map((name) => openExporter(name, settings)));
    return new OtelTracing(settings, exporters, new LostSpans(clock, log));
  }

  private constructor(
    settings: TracingSettings,
    exporters: readonly SpanExporter[],
    private readonly lost: LostSpans,
  ) {
    super();
    this.#provider = new TracerProvider({
      sampler: toSampler(settings),
      resource: resourceFromAttributes({ 'service.name': 'wxkf-manager' }).merge(
        detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
      ),
      spanProcessors: exporters.map((exporter) => new Handover(exporter, settings, lost)),
    });
    this.#tracer = this.#provider.getTracer('wxkf-manager');
  }

  override start(kind: SpanKind, name: string, parent: TraceContext | null): Span {
    const options = { kind: KINDS[kind] };
    const span = this.#tracer.startSpan(name, options, toOtelContext(parent, kind === 'server'));
    return new OtelSpan(span, parent?.tracestate ?? null);
  }

  override async end(): Promise<void> {
    const handedOver = this.#provider.shutdown().catch(() => {});
    await Promise.race([handedOver, delay(LAST_SPANS_LIMIT_MS)]);
    this.lost.tell();
  }
}

/** Loads only the form that is used. Every receiver of OTLP over HTTP reads both. */
async function openExporter(name: 'otlp' | 'console', { isJson }: TracingSettings): Promise<SpanExporter> {
  if (name === 'console') return new ConsoleSpanExporter();
  const { OTLPTraceExporter } = await (isJson
    ? import('@opentelemetry/exporter-trace-otlp-http')
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter();
}

function toSampler({ sampler, samplingRatio }: TracingSettings): Sampler {
  const root = rootSampler(sampler.replace(/^parentbased_/, ''), samplingRatio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}

/** @param isRemote whether the parent is a span of another process. */
function toOtelContext(parent: TraceContext | null, isRemote: boolean): Context {
  if (parent === null) return ROOT_CONTEXT;
  const { traceparent, tracestate } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceparent.slice(3, 35),
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53), 16),
    isRemote,
    ...(tracestate !== null && { traceState: createTraceState(tracestate) }),
  });
}
