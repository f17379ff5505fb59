import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCodeOf } from '../../kernel/error-code.js';
import { CommandError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { InterruptedError } from '../terminal/interruption.js';

/** Readable by its owner alone: it contains secrets, sealed or not. */
const FILE_MODE = 0o600;
/** A chunk has many lines; the next one is made when this one is being written. */
const ONE_PIECE = { highWaterMark: 1 };

/**
 * Writes to the file, which appears only when it is complete, or to standard output for `-`, as fast as the reader takes it.
 * @throws CommandError, InterruptedError when the reader of standard output closed it, and what `texts` throws
 */
export async function writeTo(target: string, texts: AsyncIterable<string>): Promise<void> {
  let failure: unknown;
  try {
    await (target === '-' ? toStandardOutput(texts) : toFile(target, texts));
    return;
  } catch (error) {
    failure = error;
  }
  const code = errorCodeOf(failure);
  if (target === '-' && code === 'EPIPE') throw new InterruptedError(EXIT_CODE.outputClosed);
  if (!(failure instanceof Error) || !('syscall' in failure)) throw failure;
  throw new CommandError(
    `${target === '-' ? 'standard output' : target} cannot be written to (${code}); nothing was exported`,
  );
}

async function toStandardOutput(texts: AsyncIterable<string>): Promise<void> {
  await pipeline(Readable.from(texts, ONE_PIECE), process.stdout, { end: false });
}

async function toFile(file: string, texts: AsyncIterable<string>): Promise<void> {
  const partial = `${file}.partial`;
  await rm(partial, { force: true });
  try {
    // Does not follow a link that somebody else may have put there.
    await pipeline(
      Readable.from(texts, ONE_PIECE),
      createWriteStream(partial, { flags: 'wx', mode: FILE_MODE, flush: true }),
    );
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
