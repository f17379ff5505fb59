/** A real nginx before one server, for the suites of `deploy/nginx`. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { describe } from '@jest/globals';
import { findNginx, Nginx } from '../../lab/faults/nginx.js';
import { leftovers } from './leftovers.js';

const isThere = findNginx() !== null;

if (!isThere) {
  const howToGetOne =
    'To get one: put nginx on the PATH; Debian and Ubuntu have it in the package of that name.';
  // CI must not see a green run that left it out.
  if (process.env.CI) throw new Error(`No nginx for the tests. ${howToGetOne}`);
  process.stderr.write(`!!! NO NGINX: ITS SUITE IS LEFT OUT !!! ${howToGetOne}\n`);
}

/** `describe` where there is an nginx. */
export const nginxSuite = isThere ? describe : describe.skip;

/** Each is a role's route for the manager, and `/callback/ww1` for who decodes the path and follows its dots. */
export const DISGUISED = [
  `/api/v1/accounts/x${'%2F..'.repeat(4)}%2Fcallback%2Fww1`,
  `/api/v1/accounts/x${'%2f%2e%2E'.repeat(4)}%2fcallback%2fww1`,
  `//api//v1/accounts/;x${'%2F..'.repeat(4)}%2Fcallback%2Fww1?x=1`,
  `http://callbacks.example.com/api/v1/accounts/x${'%2F..'.repeat(4)}%2Fcallback%2Fww1`,
  `/puppetWxkfManager/puppetWxkfInfo/x${'%2F..'.repeat(3)}%2Fcallback%2Fww1`,
  '/puppetWxkfManager/wxkfRequestProxy/../../callback/ww1',
];

export interface Asked {
  readonly method?: string;
  /** Lines, without their end. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

export interface RunningNginx {
  /** With TLS. */
  readonly url: string;
  /** The PEM of who signed its certificate. */
  readonly authority: string;
  /** Sends the request target as it is, over TLS and on a connection of its own. */
  ask(target: string, asked?: Asked): Promise<Answered>;
  /** The same without TLS. */
  askPlainly(target: string, asked?: Asked): Promise<Answered>;
  /** @returns all that nginx has logged, of requests and of errors. */
  close(): Promise<string>;
}

/** @param servers in place of the operators' example. */
export async function startNginx(replicaPort: number, servers?: string): Promise<RunningNginx> {
  const temp = mkdtempSync(join(tmpdir(), 'wxkf-nginx-'));
  // Workers of a master that runs as root are another user, who writes larger bodies to files here.
  chmodSync(temp, 0o755);
  let stop = async (): Promise<void> => {};
  const run = {
    root: process.cwd(),
    folder: () => temp,
    onEnd: (undo: () => unknown) => {
      leftovers.add(() => void undo());
      stop = async () => void (await undo());
    },
  };
  const nginx = await Nginx.start(run, [replicaPort], servers);
  const { ports, certificate } = nginx;
  const host = '127.0.0.1';
  return {
    url: `https://${host}:${ports.tls}`,
    authority: certificate.cert,
    ask: (...request) => exchange(connectTls({ host, port: ports.tls, ca: certificate.cert }), ...request),
    askPlainly: (...request) => askAt(ports.plain, ...request),
    close: async () => {
      await stop();
      const logs = nginx.logs();
      rmSync(temp, { recursive: true });
      return logs;
    },
  };
}

/** The same of whoever listens on a port of this machine. */
export function askAt(port: number, target: string, asked?: Asked): Promise<Answered> {
  return exchange(connectPlain({ host: '127.0.0.1', port }), target, asked);
}

/** @throws Error when the connection fails, or the certificate is another one. */
async function exchange(
  socket: Socket,
  target: string,
  { method = 'GET', headers = [], body = '' }: Asked = {},
): Promise<Answered> {
  const own = [
    'Host: callbacks.example.com',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const head = [`${method} ${target} HTTP/1.1`, ...own, ...headers].join('\r\n');
  socket.write(`${head}\r\n\r\n${body}`, 'latin1');
  const answer = await text(socket);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]),
    body: answer.slice(answer.indexOf('\r\n\r\n') + 4),
  };
}
