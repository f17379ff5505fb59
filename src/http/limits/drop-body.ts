import type { IncomingMessage } from 'node:http';

/** The same as the default of `PROXY_BODY_MAX_BYTES`. The largest file that WeCom takes has 20 MB. */
const DROPPED_BYTES_MAX = 26_214_400;
/** How long the sender of a longer body has to read the answer before its connection is closed. */
const LAST_WORDS_MS = 2_000;

/**
 * Reads and drops the rest of a body that no route takes or that was refused, so that its connection stays usable. After
 * `bytesMax` nothing more is read, and the connection is closed. It is closed with a delay: closing it at once could lose the
 * answer that is on its way.
 */
export function dropBody(request: IncomingMessage, bytesMax = DROPPED_BYTES_MAX): void {
  if (request.complete) return;
  if (Number(request.headers['content-length']) <= bytesMax) {
    request.resume();
    return;
  }
  let left = bytesMax;
  const drop = (piece: Buffer): void => {
    left -= piece.length;
    if (left >= 0) return;
    request.off('data', drop).pause();
    setTimeout(() => request.socket.destroy(), LAST_WORDS_MS).unref();
  };
  request.on('data', drop).resume();
}
