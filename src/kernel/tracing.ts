/**
 * What is told of a trace, in terms that know no tracing library. Whatever a unit of work causes is given its
 * context by hand, which costs nothing where nobody traces.
 */
import { AppError } from './app-error.js';
import type { TraceContext } from './trace-context.js';

/** `server`: somebody asked us; `client`: we ask somebody; `internal`: neither. */
export type SpanKind = 'server' | 'client' | 'internal';

/**
 * Named by OpenTelemetry's semantic conventions, or `wxkf.…`; `undefined` is left out. They leave the house: never a
 * secret, nor a path or query of a URL.
 */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** A piece of work with a beginning and an end, as it is shown in a trace. */
export interface Span {
  /** What this work hands on to whatever it causes. */
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Once. @param fault why it failed, in one of few words; left out when it did not. */
  end(fault?: string): void;
}

export abstract class Tracing {
  /** Whether spans are recorded at all. */
  abstract readonly isOn: boolean;

  /**
   * @param name one of few.
   * @param parent `null` begins a trace.
   * @returns `null` where no spans are recorded: what the work causes then belongs to `parent`.
   */
  abstract start(kind: SpanKind, name: string, parent: TraceContext | null): Span | null;

  /** The end: what was recorded is handed over, for a while. Never rejects. */
  abstract end(): Promise<void>;
}

/** Traces are passed on, and nothing is recorded. */
export class NoTracing extends Tracing {
  override readonly isOn = false;

  override start(): null {
    return null;
  }

  override async end(): Promise<void> {}
}

/** The span ends as the work does, with what is to be told of its result. @returns the same work. */
export function endWith<T>(
  span: Span | null,
  work: Promise<T>,
  toAttributes: (result: T) => SpanAttributes = () => ({}),
): Promise<T> {
  if (span === null) return work;
  const told = work.then(
    (result) => {
      span.set(toAttributes(result));
      span.end();
    },
    (error: unknown) => span.end(error instanceof AppError ? error.code : 'INTERNAL'),
  );
  // What goes wrong with a span is nothing to its work.
  told.catch(() => {});
  return work;
}

/** Whom a request goes to, and nothing of where on it: a path may be a secret. */
export function toServerAttributes(origin: string): SpanAttributes {
  const { hostname, port, protocol } = new URL(origin);
  const usualPort = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usualPort : Number(port) };
}
