/** What specs of agents need besides the stand-in of their services. */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StandInService } from '../../packages/simulator/services/stand-in-service.js';

/** A forward proxy that takes every request to the stand-in, whatever host it names. */
export async function startForwardProxyFor(service: StandInService) {
  const { port } = new URL(service.urlOf('dify'));
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/');
    const { method, headers } = request;
    const passed = httpRequest(
      { port, host: '127.0.0.1', path: pathname + search, method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
