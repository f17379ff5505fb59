/**
 * The local WeCom as a program finds the real one: at WeCom's own name, with TLS. The way there is a forward proxy that
 * leads nowhere else, which stands for the internet. A program so keeps WeCom's host where it has it built in.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { Run } from '../faults/run.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../packages/simulator/simulator.js';
import { newCertificate } from '../../test/support/certificate.js';

/** Its host and port, as programs have them built in. */
export const WECOM = 'qyapi.weixin.qq.com:443';
const DAY_MS = 86_400_000;

export interface WecomSite {
  readonly wecom: Simulator;
  /** For a program: how it gets there, and whose signature it trusts. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for the manager. */
  readonly managerEnv: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startWecomSite(run: Run, options: SimulatorOptions): Promise<WecomSite> {
  const wecom = await startSimulator(options);
  run.onEnd(() => wecom.close());
  const [host = ''] = WECOM.split(':');
  const certificate = newCertificate(new Date(Date.now() + DAY_MS), host);
  const caFile = join(run.folder('wecom'), 'ca.pem');
  writeFileSync(caFile, certificate.cert);
  const plainPort = Number(new URL(wecom.url).port);
  const front = createTlsServer(certificate, (socket) => bridge(socket, connect(plainPort, '127.0.0.1')));
  const tlsPort = await listen(run, front);
  const proxy = createServer((_request, response) => void response.writeHead(403).end());
  proxy.on('connect', ({ url }, socket: Socket) => {
    if (url !== WECOM) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    bridge(socket, connect(tlsPort, '127.0.0.1'));
  });
  const proxyUrl = `http://127.0.0.1:${await listen(run, proxy)}`;
  return {
    wecom,
    env: {
      HTTPS_PROXY: proxyUrl,
      // requests reads one variable, httpx the other.
      REQUESTS_CA_BUNDLE: caFile,
      SSL_CERT_FILE: caFile,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: caFile,
    },
    managerEnv: {
      HTTPS_PROXY: proxyUrl,
      NODE_EXTRA_CA_CERTS: caFile,
      ACCESS_TOKEN_URL: `https://${host}/cgi-bin/gettoken`,
    },
    close: () => wecom.close(),
  };
}

async function listen(run: Run, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  run.onEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Each ends when the other does. */
function bridge(one: Socket, other: Socket): void {
  one.on('error', () => {}).on('close', () => other.destroy());
  other.on('error', () => {}).on('close', () => one.destroy());
  one.pipe(other).pipe(one);
}
