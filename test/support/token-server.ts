/** WeCom's gettoken for managers whose tests are about something else: it accepts every secret of every corp. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TokenServer {
  /** For `ACCESS_TOKEN_URL`. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startTokenServer(): Promise<TokenServer> {
  let given = 0;
  const server = createServer((request, response) => {
    request.resume();
    given++;
    const token = { errcode: 0, errmsg: 'ok', access_token: `token-${given}`, expires_in: 7_200 };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(token));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // It must not keep a run from ending that forgot it.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cgi-bin/gettoken`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
