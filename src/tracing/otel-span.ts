import { type Span as Recorded, SpanStatusCode } from '@opentelemetry/api';
import type { TraceContext } from '../kernel/trace-context.js';
import type { Span, SpanAttributes } from '../kernel/tracing.js';

/** A span of OpenTelemetry. A span that the sampler leaves out has a context but is not recorded. */
export class OtelSpan implements Span {
  readonly context: TraceContext;

  constructor(
    private readonly recorded: Recorded,
    tracestate: string | null,
  ) {
    const { traceId, spanId, traceFlags } = recorded.spanContext();
    const flags = traceFlags.toString(16).padStart(2, '0');
    this.context = { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate };
  }

  set(attributes: SpanAttributes): void {
    if (!this.recorded.isRecording()) return;
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined) this.recorded.setAttribute(name, value);
    }
  }

  end(fault?: string): void {
    if (fault !== undefined) {
      this.set({ 'error.type': fault });
      this.recorded.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.recorded.end();
  }
}
