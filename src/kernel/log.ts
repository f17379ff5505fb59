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
/** About a hundred lines. One write per line would cost a fourteenth of a callback's time (bench, one core). */
const BATCH_BYTES = 32_768;
const BATCH_MS = 100;
/** The most bytes of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3;
const LAST_LINES_MS = 3_000;

/** What sonic-boom's stream and pino-pretty's have in common. */
interface Output extends NodeJS.EventEmitter {
  write(line: string): void;
  end(): void;
  destroy(): void;
}

/** Where each log writes to. */
const OUTPUTS = new WeakMap<Log, Output>();

/**
 * One JSON line per unit of work: `noun.verbed` in `msg`, fields with their unit in the name. Lines are written
 * in batches, at most 0.1 s after they were made, without blocking. Lines that cannot be written, because nobody
 * reads them or the disk is full, are dropped: the service goes on.
 */
export async function createLog(level: string, format: LogFormat): Promise<Log> {
  const output: Output = format === 'pretty' ? await openPrettyStream() : plainStream();
  const log = pino({ level, base: null, serializers: { err: toLoggedError } }, output);
  OUTPUTS.set(log, output);
  return log;
}

/**
 * Writes the same line as `log[level](fields, name)`, in less time: pino takes the fields one by one, which is a twentieth of a
 * callback's time. For lines that come with every request.
 * @param log has no bindings. A log that `createLog` did not make writes the line by its own method.
 * @param fields at least one, and no error.
 * @param name a constant: it is not escaped.
 */
export function writeLine(
  log: Log,
  level: 'info' | 'warn' | 'debug' | 'error',
  fields: object,
  name: string,
): void {
  const output = OUTPUTS.get(log);
  if (output === undefined) return log[level](fields, name);
  const text = JSON.stringify(fields).slice(1, -1);
  output.write(`{"level":${log.levels.values[level]},"time":${Date.now()},${text},"msg":"${name}"}\n`);
}

/** Writes a text for a person behind all lines so far. */
export function writeText(log: Log, text: string): void {
  OUTPUTS.get(log)?.write(`${text}\n`);
}

function plainStream(): Output {
  const stream = destination({ sync: false, contentMode: 'buffer', maxLength: UNWRITTEN_BYTES_MAX });
  stream.on('error', () => {});
  return inBatches(stream);
}

/**
 * Gathers lines before sonic-boom gets them, since sonic-boom measures its whole backlog again at each line. A line becomes
 * bytes at once: as text it would stay in memory as the many pieces that pino made it of.
 */
function inBatches(stream: ReturnType<typeof destination>): Output {
  const write = stream.write.bind(stream) as unknown as (bytes: Buffer) => void;
  const [end, flushSync] = [stream.end.bind(stream), stream.flushSync.bind(stream)];
  let batch = Buffer.allocUnsafe(BATCH_BYTES);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const pass = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (length === 0) return;
    write(batch.subarray(0, length));
    batch = Buffer.allocUnsafe(BATCH_BYTES);
    length = 0;
  };
  stream.write = (line) => {
    const bytesMax = line.length * UTF8_BYTES_MAX;
    if (length + bytesMax > BATCH_BYTES) pass();
    if (bytesMax > BATCH_BYTES) write(Buffer.from(line));
    else length += batch.write(line, length);
    if (length > 0) timer ??= setTimeout(pass, BATCH_MS);
    return true;
  };
  stream.end = () => {
    pass();
    end();
  };
  // For a fatal line, and when the process ends by itself.
  stream.flushSync = () => {
    pass();
    flushSync();
  };
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
  // An answer that closes only now still writes a line, and the ended stream would throw.
  output.write = () => {};
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
