/** The body of a proxied call: small ones whole, so that they can be looked into and sent again, others as they come. */
import { type Readable, Transform } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { WHOLE_BODY_BYTES_MAX } from '../../http/limits/bodies.js';
import { AppError } from '../../kernel/app-error.js';

export type ProxyBody =
  | { readonly whole: Buffer | null; readonly isRewritten?: true }
  /** To be read once, at the pace of its reader; fails with AppError `REQUEST_BODY_TOO_LARGE`. */
  | { readonly stream: Readable };

/** The caller has hung up. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * Reads the body on a route with a streamed body.
 * @throws AppError `REQUEST_BODY_TOO_LARGE`; CallerGone.
 */
export async function readBody(
  { body, bodyStream, headers }: Pick<FastifyRequest, 'body' | 'bodyStream' | 'headers'>,
  bytesMax: number,
): Promise<ProxyBody> {
  if (bodyStream === null) return { whole: body instanceof Buffer && body.length > 0 ? body : null };
  if (headers['content-length'] !== undefined) return { stream: passageOf(bodyStream, [], bytesMax) };
  const start = await readStart(bodyStream);
  if (start.isWhole) return { whole: withinLimit(Buffer.concat(start.chunks), bytesMax) };
  return { stream: passageOf(bodyStream, start.chunks, bytesMax) };
}

function withinLimit(body: Buffer, bytesMax: number): Buffer {
  if (body.length > bytesMax) throw new AppError('REQUEST_BODY_TOO_LARGE');
  return body;
}

interface BodyStart {
  readonly chunks: readonly Buffer[];
  /** Else the source is paused and has more. */
  readonly isWhole: boolean;
}

function readStart(source: Readable): Promise<BodyStart> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (): void => {
      source.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= WHOLE_BODY_BYTES_MAX) return;
      stop();
      source.pause();
      resolve({ chunks, isWhole: false });
    };
    const onEnd = (): void => {
      stop();
      resolve({ chunks, isWhole: true });
    };
    const onClose = (): void => {
      stop();
      reject(new CallerGone('the caller hung up'));
    };
    source.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/**
 * A separate stream: the sender destroys it when sending fails, while the source is the caller's connection,
 * which still needs an answer.
 */
function passageOf(source: Readable, start: readonly Buffer[], bytesMax: number): Readable {
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
  for (const chunk of start) passage.write(chunk);
  source.pipe(passage);
  // Data that is no longer needed is dropped as it arrives; unread, it would block the caller's connection
  // for good.
  passage.once('close', () => source.resume());
  return passage;
}
