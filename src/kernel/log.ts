import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { destination, type Logger, pino, symbols } from 'pino';
import { AppError } from './app-error.js';
import { openPrettyStream } from './pretty-lines.js';

/** Injection token: a `Log` is an interface of pino's and has no class. */
export const LOG = Symbol('log');
export type Log = Logger;

export type LogFormat = 'json' | 'pretty';

/** Some ten thousand lines. */
const UNWRITTEN_BYTES_MAX = 4 * 1024 * 1024;
/**
 * One write per line would cost a fourteenth of a callback's time (bench, one core). Not more than this, since sonic-boom measures
 * all that waits at each line: with 48 kB that took a twelfth of it.
 */
const BATCH_BYTES = 8_192;
const WRITE_BYTES_MAX = 16_384;
const BATCH_MS = 100;
const LAST_LINES_MS = 3_000;

/** What sonic-boom's stream and pino-pretty's have in common. */
interface Output extends NodeJS.EventEmitter {
  write(line: string): void;
  end(): void;
  destroy(): void;
}

/**
 * One JSON line per unit of work: `noun.verbed` in `msg`, fields with their unit in the name. Lines are written
 * in batches, at most 0.1 s after they were made, without blocking. Lines that cannot be written, because nobody
 * reads them or the disk is full, are dropped: the service goes on.
 */
export async function createLog(level: string, format: LogFormat): Promise<Log> {
  return pino(
    { level, base: null, serializers: { err: toLoggedError } },
    format === 'pretty' ? await openPrettyStream() : plainStream(),
  );
}

function plainStream(): Output {
  const stream = destination({
    sync: false,
    minLength: BATCH_BYTES,
    maxWrite: WRITE_BYTES_MAX,
    periodicFlush: BATCH_MS,
    maxLength: UNWRITTEN_BYTES_MAX,
  });
  stream.on('error', () => {});
  return stream;
}

/**
 * Ends the process once its last lines are written, or cannot be written. If a write never ends, as to a pipe
 * that nobody reads, an orderly exit would not end either: the process then ends by SIGKILL.
 */
export async function exitProcess(log: Log, code: number): Promise<never> {
  const output = Reflect.get(log, symbols.streamSym) as Output;
  const written = once(output, 'close').catch(() => output.destroy());
  output.end();
  // An answer that closes only now has a line too, for which the stream would throw.
  output.write = () => {};
  const isOver = await Promise.race([written.then(() => true), delay(LAST_LINES_MS, false)]);
  if (!isOver) process.kill(process.pid, 'SIGKILL');
  return process.exit(code);
}

/** For an error's message: some errors repeat the input in it. */
const MESSAGE_LENGTH_MAX = 1_000;
const STACK_LENGTH_MAX = 8_000;

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
}

/** The known fields of an error and nothing else: drivers hang whole connections on theirs. */
function toLoggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: String(error).slice(0, MESSAGE_LENGTH_MAX) };
  return {
    type: error.name,
    message: error.message.slice(0, MESSAGE_LENGTH_MAX),
    ...('code' in error && { code: error.code }),
    ...(!(error instanceof AppError) && { stack: error.stack?.slice(0, STACK_LENGTH_MAX) }),
    ...(error.cause !== undefined && depth < 3 && { cause: toLoggedError(error.cause, depth + 1) }),
  };
}
