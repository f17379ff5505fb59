/**
 * A forward proxy on a real socket, by CONNECT and by requests that name their target (RFC 9110, 9.3.6; RFC 9112, 3.2.2), and
 * the simulated WeCom that is reached through it alone: at an address of documentation (RFC 5737) that leads nowhere by itself.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type Certificate, newCertificate } from './certificate.js';
import { join, listen, startTlsFront } from './tls-front.js';
import { startWecomServer, type WecomServer } from './wecom-server.js';

const ADDRESS = [192, 0, 2, 1];
export const PROXIED_HOST = ADDRESS.join('.');
const DAY_MS = 86_400_000;

/** What it asks for, as `user:password`. */
export const CREDENTIALS = 'egress:p4ss+/word';
const AUTHORIZATION = `Basic ${Buffer.from(CREDENTIALS).toString('base64')}`;

export interface ProxiedWecom {
  readonly wecom: WecomServer;
  /** Good for `https://192.0.2.1`, and signed by itself. */
  readonly certificate: Certificate;
  /** The proxy's own, where it is reached by TLS; `null` where it is not. */
  readonly proxyCertificate: Certificate | null;
  /** For `HTTPS_PROXY` and `HTTP_PROXY`; with user and password unless told otherwise. */
  proxyUrl(credentials?: string): string;
  /** What the proxy was asked for, as `CONNECT 192.0.2.1:443`; credentials that it did not want are not in it. */
  readonly asked: string[];
  /** Connections to the proxy that are open now. */
  openSockets(): number;
  /** Resolves when none is open any more. */
  allClosed(): Promise<void>;
  /** From now on the proxy answers with that status, or not at all; `null` takes it back. */
  refuse(by: number | 'silence' | null): void;
  /** Nobody listens until it is back, and what was open is closed. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** @param scheme by which the proxy itself is reached. */
export async function startProxiedWecom(scheme: 'http' | 'https' = 'http'): Promise<ProxiedWecom> {
  const wecom = await startWecomServer();
  const certificate = newCertificate(new Date(Date.now() + DAY_MS), ADDRESS);
  const plainPort = Number(new URL(wecom.url).port);
  const front = await startTlsFront(certificate, plainPort);

  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const closedWaiting: (() => void)[] = [];
  let refusal: number | 'silence' | null = null;
  const refusalOf = ({ headers, method, url }: IncomingMessage): number | 'silence' | null => {
    asked.push(`${method} ${url}`);
    return refusal ?? (headers['proxy-authorization'] === AUTHORIZATION ? null : 407);
  };
  const proxyCertificate =
    scheme === 'https' ? newCertificate(new Date(Date.now() + DAY_MS), undefined, 'proxy') : null;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const refused = refusalOf(request);
    if (refused === null) forward(request, response, plainPort);
    else if (refused !== 'silence') response.writeHead(refused).end('said by the proxy');
  };
  const server = proxyCertificate === null ? createServer(serve) : createHttpsServer(proxyCertificate, serve);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of closedWaiting.splice(0)) resolve();
    });
  });
  server.on('connect', (request, socket: Socket) => {
    const refused = refusalOf(request);
    socket.on('error', () => {}).on('end', () => socket.end());
    if (refused !== null) socket.resume();
    if (refused === 'silence') return;
    // As proxies do, it leaves the connection to its client.
    if (refused !== null)
      return void socket.write(`HTTP/1.1 ${refused} Refused\r\nContent-Length: 0\r\n\r\n`);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    join(socket, connect(front.port, '127.0.0.1'));
  });
  const port = await listen(server);
  const leave = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };

  return {
    wecom,
    certificate,
    proxyCertificate,
    proxyUrl: (credentials = CREDENTIALS) => {
      const user = credentials.split(':').map(encodeURIComponent).join(':');
      return `${scheme}://${user === '' ? '' : `${user}@`}127.0.0.1:${port}`;
    },
    asked,
    openSockets: () => sockets.size,
    allClosed: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else closedWaiting.push(resolve);
      }),
    refuse: (by) => {
      refusal = by;
    },
    leave,
    comeBack: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    close: async () => void (await Promise.all([wecom.close(), leave(), front.close()])),
  };
}

function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { pathname, search } = new URL(request.url ?? '');
  const { 'proxy-authorization': _spent, ...headers } = request.headers;
  const options = {
    agent: false,
    host: '127.0.0.1',
    port,
    path: `${pathname}${search}`,
    method: request.method,
    headers,
  };
  const onwards = httpRequest(options, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
    answer.pipe(response);
  });
  onwards.on('error', () => response.destroy());
  response.on('close', () => onwards.destroy());
  request.pipe(onwards);
}
