import type { IncomingMessage, Server, ServerResponse } from 'node:http';

type Serve = (request: IncomingMessage, answer: ServerResponse) => void;

/** Before all that serves requests by now, filters of earlier among them. @param takes whether it goes no further. */
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
