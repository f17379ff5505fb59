/** A real nginx before the replicas: the operators' example of `deploy/nginx`, on ports and in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificate, newCertificate } from '../../test/support/certificate.js';
import { stablePort } from './ports.js';
import type { Run } from './run.js';

const EXAMPLE = 'deploy/nginx/wxkf-manager.conf';
const STARTS_WITHIN_MS = 10_000;
const STOPS_WITHIN_MS = 5_000;
const POLL_MS = 20;

/** Users who are not root often lack the folder where Debian puts it. */
const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin`;

const A_DAY_MS = 86_400_000;

/**
 * What the example leaves to whoever includes it. Requests are logged, as in nginx's own default, unless a server says
 * otherwise. `proxy_next_upstream off` is stricter than operators need:
 * without it a callback that found no connection is sent to another replica.
 */
const MAIN = `
worker_processes 2;
worker_shutdown_timeout 15s;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log access.log;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  proxy_next_upstream off;
  include wxkf-manager.conf;
}
`;

interface Ports {
  /** Without TLS. */
  readonly plain: number;
  readonly tls: number;
}

export class Nginx {
  reloads = 0;
  #hasExited = false;
  readonly #exited: Promise<void>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly ports: Ports,
    /** Signed itself: who connects to `ports.tls` has to trust it. */
    readonly certificate: Certificate,
    readonly version: string,
  ) {
    this.#exited = once(child, 'close').then(() => {
      this.#hasExited = true;
    });
  }

  /**
   * @param servers in place of the operators' example.
   * @throws Error where there is no nginx, or it does not start.
   */
  static async start(
    run: Pick<Run, 'root' | 'folder' | 'onEnd'>,
    replicas: readonly number[],
    servers = readFileSync(join(run.root, EXAMPLE), 'utf8'),
  ): Promise<Nginx> {
    const version = findNginx();
    if (version === null) throw new Error("there is no nginx (Debian's package of that name has it)");
    const ports = { plain: await stablePort(), tls: await stablePort() };
    const certificate = newCertificate(new Date(Date.now() + A_DAY_MS));
    const folder = run.folder('nginx');
    writeFileSync(join(folder, 'nginx.conf'), MAIN);
    writeFileSync(join(folder, 'wxkf-manager.conf'), onLoopback(servers, ports));
    writeFileSync(join(folder, 'wxkf-manager.pem'), certificate.cert);
    writeFileSync(join(folder, 'wxkf-manager.key'), certificate.key);
    writeReplicas(folder, replicas);
    const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log', '-g', 'daemon off;'];
    const child = spawn('nginx', args, { env: { PATH }, stdio: 'ignore' });
    const nginx = new Nginx(child, folder, ports, certificate, version);
    run.onEnd(() => nginx.stop());
    await nginx.#whenListening();
    return nginx;
  }

  /** New workers take over with these; the old ones end when what they have under way has ended. */
  balance(replicas: readonly number[]): void {
    writeReplicas(this.folder, replicas);
    this.child.kill('SIGHUP');
    this.reloads++;
  }

  /** At once, with its workers. */
  async stop(): Promise<void> {
    if (this.#hasExited) return;
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOPS_WITHIN_MS);
    this.child.kill('SIGTERM');
    await this.#exited;
    clearTimeout(late);
  }

  /** All that it has written. */
  logs(): string {
    return ['access.log', 'error.log'].map((file) => readFileSync(join(this.folder, file), 'utf8')).join('');
  }

  /** What went wrong, in its own words. */
  errors(): string[] {
    const lines = readFileSync(join(this.folder, 'error.log'), 'utf8').split('\n');
    return lines.filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line));
  }

  async #whenListening(): Promise<void> {
    const limitMs = performance.now() + STARTS_WITHIN_MS;
    while (!(await accepts(this.ports.tls))) {
      if (this.#hasExited || performance.now() > limitMs) {
        throw new Error(`nginx did not start: ${this.errors().join('\n')}`);
      }
      await sleep(POLL_MS);
    }
  }
}

/** @returns its version, `null` where there is none. */
export function findNginx(): string | null {
  const { error, stderr } = spawnSync('nginx', ['-v'], { env: { PATH }, encoding: 'utf8' });
  if (error) return null;
  return /nginx\/(\S+)/.exec(stderr)?.[1] ?? 'of an unknown version';
}

/** Ports of the loopback instead of 80 and 443. */
function onLoopback(servers: string, { plain, tls }: Ports): string {
  const own = servers.replace('listen 443 ssl;', `listen 127.0.0.1:${tls} ssl;`);
  if (own === servers) throw new Error('no server listens on 443 with TLS');
  return own.replace('listen 80;', `listen 127.0.0.1:${plain};`);
}

/** Never half of it: nginx may be reading. */
function writeReplicas(folder: string, ports: readonly number[]): void {
  const file = join(folder, 'wxkf-manager.replicas');
  writeFileSync(`${file}.new`, ports.map((port) => `server 127.0.0.1:${port} max_fails=0;\n`).join(''));
  renameSync(`${file}.new`, file);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
