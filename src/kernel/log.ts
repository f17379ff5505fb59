import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { AppError } from './app-error.js';

/** Injection token: a `Log` is an interface of pino's and has no class. */
export const LOG = Symbol('log');
export type Log = Logger;

export type LogFormat = 'json' | 'pretty';

/**
 * One JSON line per unit of work: `noun.verbed` in `msg`, fields with their unit in the name.
 * Lines are written as soon as the one before them is, without blocking; `flushLog` ends that.
 */
export async function createLog(level: string, format: LogFormat): Promise<Log> {
  return pino(
    { level, base: null, serializers: { err: toLoggedError } },
    format === 'pretty' ? await prettyStream() : destination({ sync: false }),
  );
}

/** pino-pretty is loaded only where a person reads. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ sync: true, singleLine: true, errorLikeObjectKeys: ['err'] });
}

/** Writes what is still buffered, so that a last line is not lost with the process. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => log.flush(() => resolve()));
}

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
}

/** The known fields of an error and nothing else: drivers hang whole connections on theirs. */
function toLoggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    ...(!(error instanceof AppError) && { stack: error.stack }),
    ...(error.cause !== undefined && depth < 3 && { cause: toLoggedError(error.cause, depth + 1) }),
  };
}
