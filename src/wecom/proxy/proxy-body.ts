/** The body of a proxied call: small ones whole, so that they can be looked into and sent again, others as they come. */
import { type Readable, Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import { Silence } from './silence.js';

/** What a caller has to send of a long body before the call begins, and then again and again. */
const PACE_BYTES = 32_768;
const PACE_MS = 20_000;
/** What waits for WeCom to read it: more than the pace asks for, so that it tells who is slow. */
const WAITING_BYTES = 65_536;

export type ProxyBody =
  | { readonly whole: Buffer | null; readonly isRewritten?: true }
  /** To be read once, at the pace of its reader; fails with AppError `REQUEST_BODY_TOO_LARGE`, `REQUEST_TIMEOUT`. */
  | {
      readonly stream: Readable;
      /** Resolves when the first 32 kB are there. Rejects as the stream does. */
      readonly begun: Promise<void>;
    };

/** The caller has hung up. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/** The body on a route with a streamed body. */
export function takeBody(
  { body, bodyStream }: Pick<FastifyRequest, 'body' | 'bodyStream'>,
  bytesMax: number,
  clock: Clock,
): ProxyBody {
  if (bodyStream !== null) return passageOf(bodyStream, bytesMax, clock);
  return { whole: body instanceof Buffer && body.length > 0 ? body : null };
}

/**
 * A separate stream: the sender destroys it when sending fails, while the source is the caller's connection,
 * which still needs an answer.
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
      // So much waits here that it is WeCom who does not read.
      if (passage.readableLength >= PACE_BYTES) pace = watchPace();
      else passage.destroy(tooSlow());
    });
  let pace = watchPace();
  // Nobody may wait for it.
  begun.promise.catch(() => {});
  // Nobody listens until the body is sent, and an unhandled error event ends the process.
  passage.on('error', (error) => begun.reject(error));
  const onClose = (): void => {
    if (!source.readableEnded) passage.destroy(new CallerGone('the caller hung up'));
  };
  source.once('close', onClose).once('error', onClose);
  source.pipe(passage);
  // Data that is no longer needed is dropped as it arrives; unread, it would block the caller's connection
  // for good.
  passage.once('close', () => {
    pace.stop();
    source.resume();
  });
  return { stream: passage, begun: begun.promise };
}

function tooSlow(): AppError {
  return new AppError('REQUEST_TIMEOUT', {
    detail: `a long body has to bring ${PACE_BYTES} bytes every ${PACE_MS / 1_000} s`,
  });
}
