/** A tenth of the origins do their worst; the accounts of the others must not notice. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Caller, Load } from '../load.js';
import { Manager } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others, p99Bound } from '../others.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts, PuppetHost, take } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const HEALTHY = 90;
const HOSTILE = 10;
const HEALTHY_RATE_PER_S = 180;
const HOSTILE_RATE_PER_S = 40;
const USAGE_POLL_MS = 500;
/** Beyond what the run without them took. */
const RSS_GROWTH_MB_MAX = 128;
/** What the manager allows one origin. */
const SOCKETS_PER_ORIGIN = 32;
/** And as many callers' connections as its deliveries under way may hold. */
const SOCKETS_PER_HOSTILE = 2 * SOCKETS_PER_ORIGIN;
/** After a pause of the machine everything that is due is sent at once, over connections of its own. */
const SLACK_SOCKETS = 512;

const TRICKLED = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

const KINDS: readonly Behaviour[] = [
  function silent() {},
  function trickle({ response: { socket } }) {
    let at = 0;
    const timer = setInterval(() => socket?.write(TRICKLED.charAt(at++)), 1_000);
    socket?.once('close', () => clearInterval(timer));
  },
  (delivery) => delivery.pour(),
  function reset({ response: { socket } }) {
    (socket as Socket | null)?.resetAndDestroy();
  },
  (delivery) => delivery.refuse(302, { location: '/elsewhere' }),
];
const TITLES = 'silent, 1 byte/s, endless body, reset, redirect, TLS stall';

export const hostilePuppets: Scenario = {
  name: 'hostile',
  runs: 'alone',
  run: async (run) => [await hostile(run)],
};

async function hostile(run: Run): Promise<Row> {
  const phaseMs = run.isShort ? 3_000 : 60_000;
  const turns = run.isShort ? 1 : 3;
  const oracle = new Oracle();
  const healthy = await openHosts(HEALTHY, oracle);
  const { hosts, accounts: hostileAccounts, stalls } = await openHostile(oracle);
  const app = newApp();
  const healthyAccounts = healthy.map((host) => host.newAccount(app));
  const port = await stablePort();
  const manager = await Manager.start(run, { port, env: await run.newStore() });
  await manager.register([...healthyAccounts, ...hostileAccounts]);

  const caller = new Caller(port, oracle);
  const others = new Others();
  const usage = new UsageWatch(
    manager,
    hosts.map(({ port: hostile }) => hostile),
  );
  const random = run.random('hostile');
  const loadTo = (accounts: readonly Account[], ratePerS: number, isHealthy: boolean) =>
    new Load({
      ratePerS,
      pick: () => random.pick(accounts),
      send: (account) => caller.send(account),
      onAnswer: (_account, answer) => isHealthy && others.add(answer),
    });
  const healthyLoad = loadTo(healthyAccounts, HEALTHY_RATE_PER_S, true).start();
  others.enter('warm-up');
  await sleep(phaseMs / 2);
  for (let turn = 0; turn < turns; turn++) {
    others.enter('without');
    await usage.during('without', phaseMs);
    others.enter('with');
    const hostileLoad = loadTo(hostileAccounts, HOSTILE_RATE_PER_S, false).start();
    await usage.during('with', phaseMs);
    others.enter('between');
    await hostileLoad.stop();
    if (turn + 1 < turns) await sleep(phaseMs / 4);
    run.say(`hostile: turn ${turn + 1} of ${turns}`);
  }
  await healthyLoad.stop();

  for (const stall of stalls) stall();
  const tame = hostileAccounts.map((account) => ({
    ...account,
    endpoint: account.endpoint.replace('https:', 'http:'),
  }));
  for (const host of hosts) {
    host.behave = take;
    await host.up();
  }
  await manager.register(tame.filter(({ endpoint }, index) => endpoint !== hostileAccounts[index]?.endpoint));
  await drain(run, oracle, manager, tame);
  caller.close();
  await manager.stop();
  await closeHosts([...healthy, ...hosts]);

  const othersP99 = others.compare('without', 'with');
  return toRow(
    {
      injection: `hostile puppets: ${TITLES}`,
      length: `${turns} × ${phaseMs / 1_000} s`,
      load: `${HEALTHY_RATE_PER_S}/s over ${HEALTHY} healthy origins, ${HOSTILE_RATE_PER_S}/s over ${HOSTILE} hostile`,
    },
    oracle,
    {
      othersP99,
      remarks: usage.remarks(),
      broken: [
        ...p99Bound(run, othersP99),
        ...unless(
          others.failures === 0,
          `${others.failures} callbacks of healthy puppets were not answered 200`,
        ),
        ...usage.broken(),
      ],
    },
  );
}

/** All kinds, each about as often. */
async function openHostile(oracle: Oracle) {
  const hosts: PuppetHost[] = [];
  const accounts: Account[] = [];
  const stalls: (() => void)[] = [];
  const app = newApp();
  for (let index = 0; index < HOSTILE; index++) {
    const host = await PuppetHost.open(oracle, KINDS[index % (KINDS.length + 1)]);
    const account = host.newAccount(app);
    hosts.push(host);
    if (index % (KINDS.length + 1) < KINDS.length) {
      accounts.push(account);
      continue;
    }
    await host.down();
    stalls.push(await stallOn(host.port));
    accounts.push({ ...account, endpoint: account.endpoint.replace('http:', 'https:') });
  }
  return { hosts, accounts, stalls };
}

/** Accepts, and says nothing to a TLS hello. @returns what ends it. */
async function stallOn(port: number): Promise<() => void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

/** The manager's memory and sockets, by their highest. */
class UsageWatch {
  readonly #peaks = new Map<string, { rssMb: number; sockets: number }>();
  #mostToOne = 0;

  /** @param ports of the hostile origins. */
  constructor(
    private readonly manager: Manager,
    private readonly ports: readonly number[],
  ) {}

  async during(phase: string, durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      await sleep(Math.min(USAGE_POLL_MS, endMs - performance.now()));
      const usage = this.manager.usage();
      if (!usage) continue;
      this.#mostToOne = Math.max(this.#mostToOne, this.manager.connectionsToOne(this.ports));
      const peak = this.#peakOf(phase);
      const rssMb = Math.max(peak.rssMb, usage.rssMb);
      this.#peaks.set(phase, { rssMb, sockets: Math.max(peak.sockets, usage.sockets) });
    }
  }

  remarks(): string[] {
    const { before, during } = this.#both();
    return [
      `memory ${before.rssMb.toFixed(0)} MB without and ${during.rssMb.toFixed(0)} MB with them (bound: ${RSS_GROWTH_MB_MAX} MB more)`,
      `sockets ${before.sockets} without and ${during.sockets} with them (bound: ${this.#socketsMax()})`,
      `at most ${this.#mostToOne} connections to one of them (bound: ${SOCKETS_PER_ORIGIN})`,
    ];
  }

  broken(): string[] {
    const { before, during } = this.#both();
    return [
      ...unless(during.rssMb <= before.rssMb + RSS_GROWTH_MB_MAX, 'memory grew beyond its bound'),
      ...unless(during.sockets <= this.#socketsMax(), 'sockets grew beyond their bound'),
      ...unless(this.#mostToOne > 0, 'no connection to a hostile puppet was seen'),
      ...unless(
        this.#mostToOne <= SOCKETS_PER_ORIGIN,
        `${this.#mostToOne} connections to one hostile puppet`,
      ),
    ];
  }

  #socketsMax(): number {
    return this.#both().before.sockets + HOSTILE * SOCKETS_PER_HOSTILE + SLACK_SOCKETS;
  }

  #both() {
    return { before: this.#peakOf('without'), during: this.#peakOf('with') };
  }

  #peakOf(phase: string) {
    return this.#peaks.get(phase) ?? { rssMb: 0, sockets: 0 };
  }
}
