/**
 * What the proxy is compared with: the least that can be written by hand to relay an API call. It reads the
 * request, calls upstream from a pool of kept connections and hands status, headers and body back. It refuses to
 * grow: no log, no limits, no time-outs of its own, no look at access tokens, so it is a yardstick and not a
 * service.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';

const PREFIX = '/puppetWxkfManager/wxkfRequestProxy/';
/** They concern one connection, https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1, or are undici's to set. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
]);

const upstream = new Pool(new URL(process.env.WECOM_API_URL ?? '').origin);

function endToEnd(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name)));
}

async function relay(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  const { method = 'GET', url = '' } = request;
  const path = `/cgi-bin/${url.slice(PREFIX.length)}`;
  const call = { method, path, headers: endToEnd(request.headers), body: body.length > 0 ? body : null };
  await upstream.stream(call, ({ statusCode, headers }) => {
    const { connection, 'keep-alive': keepAlive, 'transfer-encoding': encoding, ...others } = headers;
    return response.writeHead(statusCode, others);
  });
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (!request.url?.startsWith(PREFIX)) return void response.writeHead(404).end();
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    relay(request, response, Buffer.concat(chunks)).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(504).end(String(error));
    });
  });
}

createServer(handle).listen(Number(process.env.PORT), '127.0.0.1', () => {
  process.stdout.write('ready\n');
});
