/** The body of a proxied call. A small body is read whole, so that it can be read and sent again; a long one is streamed. */
import { type Readable, Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import { Silence } from './silence.js';

/** The caller of a long body must send this much before the call begins, and then again in each `PACE_MS`. */
const PACE_BYTES = 32_768;
const PACE_MS = 20_000;
/** How many bytes may wait for WeCom. It is more than `PACE_BYTES`, so that a full buffer shows that WeCom is slow. */
const WAITING_BYTES = 65_536;

export type ProxyBody =
  | { readonly whole: Buffer | null; readonly isRewritten?: true }
  /** Can be read once, at the reader's pace. Fails with AppError `REQUEST_BODY_TOO_LARGE`, `REQUEST_TIMEOUT`. */
  | {
      readonly stream: Readable;
      /** Resolves when the first 32 kB are there. Rejects as the stream does. */
      readonly begun: Promise<void>;
    };

/** The caller has hung up. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';

  /** @param isSent whether WeCom may have the call. */
  constructor(readonly isSent: boolean) {
    super('the caller hung up');
  }
}

export function rewritten(fields: Readonly<Record<string, unknown>>): ProxyBody {
  return { whole: Buffer.from(textOf(fields)), isRewritten: true };
}

/** @throws AppError `REQUEST_BODY_NOT_JSON` when the fields are nested too deep to be written again. */
function textOf(fields: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(fields);
  } catch {
    throw new AppError('REQUEST_BODY_NOT_JSON', { detail: 'it is nested too deep' });
  }
}

/** The body of a request, on a route with `@TakesBody('streamed')`. */
export function takeBody(
  { body, bodyStream }: Pick<FastifyRequest, 'body' | 'bodyStream'>,
  bytesMax: number,
  clock: Clock,
): ProxyBody {
  if (bodyStream !== null) return passageOf(bodyStream, bytesMax, clock);
  return { whole: body instanceof Buffer && body.length > 0 ? body : null };
}

/**
 * Puts a stream of its own between caller and sender. The sender destroys its stream when sending fails, but the source is the
 * caller's connection, which still needs an answer.
 */
function passageOf(source: Readable, bytesMax: number, clock: Clock): ProxyBody {
  const begun = Promise.withResolvers<void>();
  let bytes = 0;
  let bytesOfPace = 0;
  const passage = new Transform({
    readableHighWaterMark: WAITING_BYTES,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) return done(new AppError('REQUEST_BODY_TOO_LARGE'));
      if (bytes - bytesOfPace >= PACE_BYTES) {
        bytesOfPace = bytes;
        pace.broken();
        begun.resolve();
      }
      done(null, chunk);
    },
    flush(done) {
      pace.stop();
      begun.resolve();
      done();
    },
  });
  const watchPace = (): Silence =>
    new Silence(clock, { pauseMs: PACE_MS, totalMs: Infinity }, () => {
      // The buffer is full because WeCom does not read. So the caller is not too slow.
      if (passage.readableLength >= PACE_BYTES) pace = watchPace();
      else passage.destroy(tooSlow());
    });
  let pace = watchPace();
  // Perhaps nobody awaits `begun`, and an unhandled rejection ends the process.
  begun.promise.catch(() => {});
  // Nobody listens until the body is sent, and an unhandled error event ends the process.
  passage.on('error', (error) => begun.reject(error));
  const onClose = (): void => {
    if (!source.readableEnded) passage.destroy(new CallerGone(false));
  };
  source.once('close', onClose).once('error', onClose);
  source.pipe(passage);
  // Drops data that is not needed any more. Unread data would block the caller's connection for good.
  passage.once('close', () => {
    pace.stop();
    source.resume();
  });
  return { stream: passage, begun: begun.promise };
}

function tooSlow(): AppError {
  return new AppError('REQUEST_TIMEOUT', {
    detail: `send a long body faster, at least ${PACE_BYTES} bytes every ${PACE_MS / 1_000} s`,
  });
}
