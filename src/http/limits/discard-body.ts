import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Indexes of what Node's parser calls (`HTTPParser.kOnBody` and `kOnMessageComplete`). */
const ON_BODY = 3;
const ON_MESSAGE_COMPLETE = 4;

interface Parser {
  incoming?: IncomingMessage | null;
  [ON_BODY]: unknown;
  [ON_MESSAGE_COMPLETE]: unknown;
}

/**
 * Has Node drop what is still to come of a body that nobody will read, without a copy of it. With copies, some thousand
 * bodies a second keep the garbage collector busy and so slow down others. This uses an internal part of Node: without it,
 * Node copies and drops, and nothing else changes.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  const { parser } = socket as Socket & { parser?: Parser | null };
  if (!parser || parser.incoming !== request) return;
  const { [ON_BODY]: onBody, [ON_MESSAGE_COMPLETE]: onComplete } = parser;
  if (typeof onBody !== 'function' || typeof onComplete !== 'function') return;
  // Node uses a parser again for another connection, so both are put back, at the latest when this connection has ended.
  const putBack = (): void => {
    socket.off('close', putBack);
    parser[ON_BODY] = onBody;
    parser[ON_MESSAGE_COMPLETE] = onComplete;
  };
  parser[ON_BODY] = null;
  parser[ON_MESSAGE_COMPLETE] = function onMessageComplete(this: Parser): unknown {
    putBack();
    return onComplete.call(this) as unknown;
  };
  socket.on('close', putBack);
}
