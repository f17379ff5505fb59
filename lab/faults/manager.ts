/** The built manager as a process, to be killed and started again on the same port and data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './accounts.js';
import { postJson, register } from '../../test/support/puppet-server.js';
import type { Run } from './run.js';

/** Some seconds, but for a machine that does much else. */
const READY_WITHIN_MS = 120_000;
const READY_POLL_MS = 20;
const READINESS_LIMIT_MS = 2_000;
const STOPS_WITHIN_MS = 30_000;
const REGISTRATIONS_AT_ONCE = 32;
/** With the time between them 20 s: a database that is back, on a busy machine, may still be late for some. */
const REGISTER_TRIES = 40;
const REGISTER_AGAIN_MS = 500;

/** `CLK_TCK`, 100 on every Linux that Node runs on. */
const TICK_MS = 10;
/** Of `/proc/net/tcp`: ESTABLISHED, SYN_SENT, CLOSE_WAIT. */
const OPEN_STATES = new Set(['01', '02', '08']);

/** Settings of one that takes on whatever comes, however much at once: on a busy machine others refuse some. */
export const UNLIMITED = {
  CALLBACKS_TRIED_MAX: '1000000',
  CALLBACKS_UNDER_WAY_MAX: '1000000',
} as const;

export interface ManagerOptions {
  readonly port: number;
  /** Names its store. */
  readonly env: Readonly<Record<string, string>>;
  /** Which build; the product's own by default. */
  readonly main?: string;
  /** That it has alone (`taskset`); any by default. */
  readonly core?: number | undefined;
}

/** What `/health` says of the outbox; `null` where this version says nothing of it. */
export interface OutboxHealth {
  readonly waiting: number;
  readonly dead: number;
}

/** What `/health` says of what was too much. */
export interface OverloadHealth {
  readonly kept: { readonly under_way: number };
  readonly refused: { readonly under_way: number };
}

/** What a manager says of its delivery log. */
export interface DeliveryLogState {
  /** Records that it could not write. */
  readonly dropped: number;
  /** How far back it reaches; `null` when there is nothing in it, or it cannot be read. */
  readonly since: string | null;
}

export class Manager {
  readonly exited: Promise<number | NodeJS.Signals | null>;
  #hasExited = false;

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly logFile: string,
  ) {
    this.exited = once(child, 'close').then(([code, signal]) => {
      this.#hasExited = true;
      return code ?? signal;
    });
  }

  /** Does not wait until it is ready. What it prints goes to a file: read through a pipe it would cost this process. */
  static spawn(
    run: Run,
    { port, env, main = join(run.root, 'dist/main.js'), core }: ManagerOptions,
  ): Manager {
    if (run.isEnding) throw new Error('the run is over');
    const logFile = join(run.temp, `manager-${port}.log`);
    const log = openSync(logFile, 'a');
    const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
    const [command = '', ...args] = [...pinned, process.execPath, main];
    const child = spawn(command, args, {
      cwd: run.temp,
      env: {
        PATH: process.env.PATH ?? '',
        PORT: String(port),
        DRAIN_DELAY_MS: '0',
        ACCESS_TOKEN_URL: run.tokenUrl,
        ...env,
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const manager = new Manager(child, port, logFile);
    run.onEnd(() => manager.kill());
    return manager;
  }

  static async start(run: Run, options: ManagerOptions): Promise<Manager> {
    const manager = Manager.spawn(run, options);
    await manager.whenReady();
    return manager;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Listening, with the registry loaded. @returns when that was, by `performance.now()`. */
  async whenReady(): Promise<number> {
    const limitMs = performance.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      if (this.#hasExited) throw new Error(`the manager ended while it started:\n${this.logTail()}`);
      if (performance.now() > limitMs) throw new Error(`the manager was not ready:\n${this.logTail()}`);
      await sleep(READY_POLL_MS);
    }
    return performance.now();
  }

  async isReady(): Promise<boolean> {
    return (await this.readiness()) === true;
  }

  /** @returns `null` when nothing is answered in time. */
  async readiness(): Promise<boolean | null> {
    const signal = AbortSignal.timeout(READINESS_LIMIT_MS);
    try {
      const answer = await fetch(`${this.url}/health/ready`, { signal, headers: { connection: 'close' } });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return signal.aborted ? null : false;
    }
  }

  async outbox(): Promise<OutboxHealth | null> {
    const { waiting, dead } = (await this.#health<{ outbox?: Partial<OutboxHealth> }>()).outbox ?? {};
    return waiting === undefined || dead === undefined ? null : { waiting, dead };
  }

  async overload(): Promise<OverloadHealth> {
    return (await this.#health<{ overload: OverloadHealth }>()).overload;
  }

  /** @returns `null` when it does not answer. */
  async deliveryLog(): Promise<DeliveryLogState | null> {
    const signal = AbortSignal.timeout(READINESS_LIMIT_MS);
    try {
      const [metrics, page] = await Promise.all([
        fetch(`${this.url}/metrics`, { signal }).then((answer) => answer.text()),
        fetch(`${this.url}/api/v1/deliveries?limit=1`, { signal }).then((answer) => answer.json()),
      ]);
      const counts = metrics.matchAll(
        /^wxkf_delivery_log_dropped_total\{reason="(?:buffer|store)"\} (\d+)$/gm,
      );
      const dropped = counts.reduce((sum, [, count]) => sum + Number(count), 0);
      return { dropped, since: (page as { since?: string | null }).since ?? null };
    } catch {
      return null;
    }
  }

  async register(accounts: readonly Account[]): Promise<void> {
    const left = [...accounts];
    const work = async () => {
      for (let account = left.pop(); account; account = left.pop()) {
        await this.#registerOne(account);
      }
    };
    await Promise.all(Array.from({ length: REGISTRATIONS_AT_ONCE }, work));
  }

  /** The accounts of bots in WeCom's own form, with keys of their own: none of them registers. */
  async addBots(accounts: readonly Account[], timeoutMs = 4_000): Promise<void> {
    for (const { corpId, token, encodingAESKey, openKfId, endpoint } of accounts) {
      await this.#post('apps', { corpId, token, encodingAESKey });
      const bot = { name: openKfId, corpId, openKfIds: [openKfId], kind: 'callback' };
      await this.#post('bots', { ...bot, callback: { url: endpoint, timeoutMs } });
    }
  }

  /** What waits for a bot, which registers nowhere, goes out at once. */
  async #replay({ openKfId }: Account): Promise<void> {
    await postJson(`${this.url}/api/v1/hints/${openKfId}/replay`, {});
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await postJson(`${this.url}/api/v1/${path}`, body);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  /** A refusal is repeated, as puppets do it: a store under load may be late. */
  async #registerOne(account: Account): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await register(this.url, account, account.openKfId, account.endpoint);
      } catch (error) {
        if (String(error).includes('REGISTRY_ACCOUNT_OF_BOT')) return this.#replay(account);
        if (tries === REGISTER_TRIES || this.#hasExited)
          throw new Error(`${account.openKfId} could not register:\n${this.logTail()}`, { cause: error });
        await sleep(REGISTER_AGAIN_MS);
      }
    }
  }

  async kill(): Promise<void> {
    if (this.#hasExited) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM. @returns what it ended with. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOPS_WITHIN_MS);
    this.child.kill('SIGTERM');
    const code = await this.exited;
    clearTimeout(late);
    return code;
  }

  /** Memory and open sockets now. @returns `null` where there is no /proc. */
  usage(): { readonly rssMb: number; readonly sockets: number } | null {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      const rssKb = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1]);
      const fds = readdirSync(`/proc/${this.pid}/fd`);
      return { rssMb: rssKb / 1_024, sockets: fds.filter((fd) => this.#isSocket(fd)).length };
    } catch {
      return null;
    }
  }

  /** CPU time since its start. @returns `null` where there is no /proc. */
  cpuMs(): number | null {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    } catch {
      return null;
    }
  }

  /** The most connections that are open, or being opened, to one of the ports, by whomever. */
  connectionsToOne(ports: readonly number[]): number {
    const counts = new Map(ports.map((port) => [port, 0]));
    const [, ...lines] = readFileSync(`/proc/${this.pid}/net/tcp`, 'utf8').split('\n');
    for (const line of lines) {
      const [, , remote = '', state = ''] = line.trim().split(/\s+/);
      const port = Number.parseInt(remote.split(':')[1] ?? '', 16);
      const count = counts.get(port);
      if (count !== undefined && OPEN_STATES.has(state)) counts.set(port, count + 1);
    }
    return Math.max(...counts.values());
  }

  logTail(): string {
    return readFileSync(this.logFile, 'utf8').split('\n').slice(-15).join('\n');
  }

  async #health<Parts>(): Promise<Parts> {
    const answer = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(5_000) });
    return ((await answer.json()) as { details: Parts }).details;
  }

  #isSocket(fd: string): boolean {
    try {
      return readlinkSync(`/proc/${this.pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }
}
