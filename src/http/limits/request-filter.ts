import type { IncomingMessage, Server, ServerResponse } from 'node:http';

type Serve = (request: IncomingMessage, answer: ServerResponse) => void;

/**
 * Adds a filter. It runs before everything that serves requests so far, earlier filters included.
 * @param takes returns true to keep the request from the others.
 */
export function filterRequests(
  server: Server,
  takes: (request: IncomingMessage, answer: ServerResponse) => boolean,
): void {
  const served = server.listeners('request') as Serve[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, answer: ServerResponse) => {
    if (takes(request, answer)) return;
    for (const serve of served) serve(request, answer);
  });
}
