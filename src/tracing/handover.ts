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

/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const SUCCESS = 0;

/** Hands spans over in OpenTelemetry's batches, and counts lost spans, which OpenTelemetry does not report. */
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

  /** Counts before it adds the span, since the processor may hand over a batch at once. */
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
      // The error's message is left out: it may contain the receiver's answer.
      const { code, error }: { code: number; error?: Error & { code?: unknown } } = result;
      if (code !== SUCCESS) this.lost.add(spans.length, String(error?.code ?? error?.name));
      onResult(result);
    });
  }
}
