/**
 * Spans and their attributes, independent of any tracing library. Trace contexts are passed explicitly as arguments,
 * which costs nothing when tracing is off.
 */
import { AppError } from './app-error.js';
import type { TraceContext } from './trace-context.js';

/** `server`: a request that the manager answers; `client`: a request that it makes; `internal`: neither. */
export type SpanKind = 'server' | 'client' | 'internal';

/**
 * Named by OpenTelemetry's semantic conventions, or `wxkf.…`. `undefined` is left out. Attributes are sent to another
 * system: never put in a secret, or the path or query of a URL.
 */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** One unit of work in a trace, with a start and an end. */
export interface Span {
  /** The parent context for everything that this work causes. */
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Call it once. @param fault why the work failed, from a small set of values; left out when it succeeded. */
  end(fault?: string): void;
}

export abstract class Tracing {
  /** Whether spans are recorded at all. */
  abstract readonly isOn: boolean;

  /**
   * @param name from a small set of values.
   * @param parent `null` starts a new trace.
   * @returns `null` when the span is not recorded: pass `parent` on to what the work causes.
   */
  abstract start(kind: SpanKind, name: string, parent: TraceContext | null): Span | null;

  /** Exports what was recorded, within a time limit. Call it when the process stops. Never rejects. */
  abstract end(): Promise<void>;
}

/** Passes trace contexts on and records nothing. */
export class NoTracing extends Tracing {
  override readonly isOn = false;

  override start(): null {
    return null;
  }

  override async end(): Promise<void> {}
}

/** Ends the span when the work settles, with attributes of its result. @returns the same work. */
export function endWith<T>(
  span: Span | null,
  work: Promise<T>,
  toAttributes: (result: T) => SpanAttributes = () => ({}),
): Promise<T> {
  if (span === null) return work;
  const ended = work.then(
    (result) => {
      span.set(toAttributes(result));
      span.end();
    },
    (error: unknown) => span.end(error instanceof AppError ? error.code : 'INTERNAL'),
  );
  // A failure of the span must not fail the work.
  ended.catch(() => {});
  return work;
}

/** The server's host and port. Never the path, which may be a secret. */
export function toServerAttributes(origin: string): SpanAttributes {
  const { hostname, port, protocol } = new URL(origin);
  const usualPort = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usualPort : Number(port) };
}
