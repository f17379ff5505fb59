/**
 * What the proxy is compared with: the least that can be written by hand to relay an API call. It streams the
 * request upstream on a pool of kept connections and the answer back, as it must for files. It refuses to grow:
 * no log, no limits, no time-outs of its own, no look at access tokens, so it is a yardstick and not a service.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';

const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';
/** They concern one connection, https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, or are undici's to set. */
const OF_THE_CONNECTION = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

const upstream = new Pool(new URL(process.env.WECOM_API_URL ?? '').origin);

function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name)));
}

async function relay(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '' } = request;
  const path = `/cgi-bin/${url.slice(PREFIX.length)}`;
  const call = { method, path, headers: endToEnd(request.headers), body: method === 'GET' ? null : request };
  await upstream.stream(call, ({ statusCode, headers }) => {
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...others } = headers;
    return response.writeHead(statusCode, others);
  });
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (!request.url?.startsWith(PREFIX)) return void response.writeHead(404).end();
  relay(request, response).catch((error: unknown) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(504).end(String(error));
  });
}

createServer(handle).listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write('ready\n');
});
