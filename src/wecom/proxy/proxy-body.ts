/** The body of a proxied call: small ones whole, so that they can be looked into and sent again, others as they come. */
import { type Readable, Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/app-error.js';

export type ProxyBody =
  | { readonly whole: Buffer | null; readonly isRewritten?: true }
  /** To be read once, at the pace of its reader; fails with AppError `REQUEST_BODY_TOO_LARGE`. */
  | { readonly stream: Readable };

/** The caller has hung up. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/** The body on a route with a streamed body. */
export function takeBody(
  { body, bodyStream }: Pick<FastifyRequest, 'body' | 'bodyStream'>,
  bytesMax: number,
): ProxyBody {
  if (bodyStream !== null) return { stream: passageOf(bodyStream, bytesMax) };
  return { whole: body instanceof Buffer && body.length > 0 ? body : null };
}

/**
 * A separate stream: the sender destroys it when sending fails, while the source is the caller's connection,
 * which still needs an answer.
 */
function passageOf(source: Readable, bytesMax: number): Readable {
  let bytes = 0;
  const passage = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(new AppError('REQUEST_BODY_TOO_LARGE'));
      else done(null, chunk);
    },
  });
  // Nobody listens until the body is sent, and an unhandled error event ends the process.
  passage.on('error', () => {});
  const onClose = (): void => {
    if (!source.readableEnded) passage.destroy(new CallerGone('the caller hung up'));
  };
  source.once('close', onClose).once('error', onClose);
  source.pipe(passage);
  // Data that is no longer needed is dropped as it arrives; unread, it would block the caller's connection
  // for good.
  passage.once('close', () => source.resume());
  return passage;
}
