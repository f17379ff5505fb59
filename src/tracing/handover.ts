import { type Context, TraceFlags } from '@opentelemetry/api';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { LostSpans } from './lost-spans.js';
import type { TracingSettings } from './otel-variables.js';

type OnResult = Parameters<SpanExporter['export']>[1];

/** The value in @opentelemetry/core. */
const SUCCESS = 0;

/** OpenTelemetry's batches, and the count of what was lost on their way, which it keeps to itself. */
export class Handover implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #queueSpansMax: number;
  #queued = 0;

  constructor(
    private readonly exporter: SpanExporter,
    settings: TracingSettings,
    private readonly lost: LostSpans,
  ) {
    this.#queueSpansMax = settings.queueSpansMax;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, onResult) => this.#export(spans, onResult),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: settings.queueSpansMax,
      maxExportBatchSize: settings.batchSpansMax,
      scheduledDelayMillis: settings.batchDelayMs,
      exportTimeoutMillis: settings.exportLimitMs,
    });
  }

  onStart(span: Span, parent: Context): void {
    this.#batches.onStart(span, parent);
  }

  /** May hand over a batch at once. */
  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) {
      if (this.#queued < this.#queueSpansMax) this.#queued++;
      else this.lost.add(1, 'queue_full');
    }
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #export(spans: ReadableSpan[], onResult: OnResult): void {
    this.#queued -= spans.length;
    this.exporter.export(spans, (result) => {
      // Without the message, in which there may be what the receiver said.
      const { code, error }: { code: number; error?: Error & { code?: unknown } } = result;
      if (code !== SUCCESS) this.lost.add(spans.length, String(error?.code ?? error?.name));
      onResult(result);
    });
  }
}
