import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { destination, type Logger, pino } from 'pino';
import { AppError } from './app-error.js';
import { openPrettyStream } from './pretty-lines.js';

/** Injection token: a `Log` is an interface of pino's and has no class. */
export const LOG = Symbol('log');
export type Log = Logger;

export type LogFormat = 'json' | 'pretty';

/** Some ten thousand lines. */
const UNWRITTEN_BYTES_MAX = 4 * 1024 * 1024;
/** sonic-boom measures the whole part that it fills at each line: small parts cost less CPU time than its 16 KiB. */
const PART_BYTES_MAX = 2_048;
const LAST_LINES_MS = 3_000;

/** What sonic-boom's stream and pino-pretty's have in common. */
type Output = NodeJS.EventEmitter & Record<'end' | 'destroy', () => void>;

/** Where each log writes to. */
const OUTPUTS = new WeakMap<Log, Output>();

/**
 * One JSON line per unit of work: `noun.verbed` in `msg`, fields with their unit in the name. Lines are written without
 * blocking. Lines that cannot be written, because nobody reads them or the disk is full, are dropped: the service goes on.
 */
export async function createLog(level: string, format: LogFormat): Promise<Log> {
  const output = format === 'pretty' ? await openPrettyStream() : plainStream();
  const log = pino({ level, base: null, serializers: { err: toLoggedError } }, output);
  OUTPUTS.set(log, output);
  return log;
}

function plainStream(): ReturnType<typeof destination> {
  const options = { sync: false, maxLength: UNWRITTEN_BYTES_MAX, maxWrite: PART_BYTES_MAX };
  const stream = destination(options);
  stream.on('error', () => {});
  return stream;
}

/**
 * Ends the process once its last lines are written, or cannot be written. If a write never ends, as to a pipe
 * that nobody reads, an orderly exit would not end either: the process then ends by SIGKILL.
 */
export async function exitProcess(log: Log, code: number): Promise<never> {
  const output = OUTPUTS.get(log);
  if (output === undefined) return process.exit(code);
  const written = once(output, 'close').catch(() => output.destroy());
  output.end();
  // An answer that closes only now still logs, and the ended stream would throw.
  log.level = 'silent';
  const isOver = await Promise.race([written.then(() => true), delay(LAST_LINES_MS, false)]);
  if (!isOver) process.kill(process.pid, 'SIGKILL');
  return process.exit(code);
}

/** Some errors repeat their input in the message. */
const MESSAGE_LENGTH_MAX = 1_000;
const STACK_LENGTH_MAX = 8_000;

interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: unknown;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError;
}

/** Only the known fields of an error: drivers attach whole connections to theirs. */
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
