/** Many events for one account whose puppet is down, then events of thousands of accounts at once, whose puppets come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, makeCallback } from '../../bench/load/accounts.js';
import { newApp } from '../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Durations } from '../durations.js';
import { Caller, Load } from '../load.js';
import { Manager } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others, p99Bound } from '../others.js';
import { stablePort } from '../ports.js';
import { closeHosts, openHosts } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const OTHERS = 40;
const OTHERS_RATE_PER_S = 200;
/** 20 times what each of the others gets. */
const STORM_RATE_PER_S = (20 * OTHERS_RATE_PER_S) / OTHERS;
const CROWD_ORIGINS = 50;
/** All of the crowd have an event within this; together in one instant they would only queue up in the sockets. */
const CROWD_RATE_PER_S = 500;
const BACKLOG_POLL_MS = 250;

export const storm: Scenario = {
  name: 'storm',
  runs: 'alone',
  run: async (run) => [await stormOnOne(run), await stormOfMany(run)],
};

/** Healthy accounts under load, and the manager they share with those of the storm. */
class Ground {
  readonly oracle = new Oracle();
  readonly others = new Others();
  readonly backlog = new Durations();
  readonly hosts = openHosts(OTHERS, this.oracle);
  caller!: Caller;
  manager!: Manager;
  #load!: Load;

  constructor(readonly run: Run) {}

  async open(accounts: readonly Account[]): Promise<void> {
    const { run, oracle } = this;
    const app = newApp();
    const healthy = (await this.hosts).map((host) => host.newAccount(app));
    const port = await stablePort();
    this.manager = await Manager.start(run, { port, env: await run.newStore() });
    await this.manager.register([...healthy, ...accounts]);
    this.caller = new Caller(port, oracle);
    const random = run.random('storm');
    this.#load = new Load({
      ratePerS: OTHERS_RATE_PER_S,
      pick: () => random.pick(healthy),
      send: (account) => this.caller.send(account),
      onAnswer: (_account, answer) => this.others.add(answer),
    }).start();
    this.others.enter('warm-up');
    await sleep(run.isShort ? 1_000 : 10_000);
    this.others.enter('before');
    await sleep(run.isShort ? 2_000 : 30_000);
  }

  async watchBacklog(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      const outbox = await this.manager.outbox();
      if (outbox) this.backlog.add(outbox.waiting);
      await sleep(BACKLOG_POLL_MS);
    }
  }

  async close(): Promise<void> {
    await this.#load.stop();
    this.caller.close();
    await this.manager.stop();
    await closeHosts(await this.hosts);
  }
}

async function stormOnOne(run: Run): Promise<Row> {
  const seconds = run.isShort ? 4 : 60;
  const ground = new Ground(run);
  const { oracle, others, backlog } = ground;
  const [host] = await openHosts(1, oracle);
  if (!host) throw new Error('there is no puppet');
  const account = host.newAccount(newApp());
  await ground.open([account]);
  await host.down();

  others.enter('storm');
  const load = new Load({
    ratePerS: STORM_RATE_PER_S,
    pick: () => account,
    send: (one) => ground.caller.send(one),
  }).start();
  await ground.watchBacklog(seconds * 1_000);
  await load.stop();
  await host.up();
  await drain(run, oracle, ground.manager, [account]);
  await ground.close();
  await host.down();
  return toStormRow(run, ground, 1, {
    injection: 'storm on one account, its puppet down',
    length: `${seconds} s`,
    load: `${STORM_RATE_PER_S}/s on it, ${OTHERS_RATE_PER_S}/s over ${OTHERS} others`,
    backlog,
  });
}

async function stormOfMany(run: Run): Promise<Row> {
  const count = run.isShort ? 1_000 : 5_000;
  const ground = new Ground(run);
  const { oracle, others, backlog } = ground;
  const hosts = await openHosts(CROWD_ORIGINS, oracle);
  const app = newApp();
  const accounts = Array.from({ length: count / CROWD_ORIGINS }, () =>
    hosts.map((host) => host.newAccount(app)),
  ).flat();
  const sealed = new Map(accounts.map((account) => [account, makeCallback(account).request]));
  await ground.open(accounts);
  await closeHosts(hosts);

  others.enter('storm');
  const left = [...accounts];
  const load = new Load({
    ratePerS: CROWD_RATE_PER_S,
    pick: () => left.pop() ?? null,
    send: (account) => ground.caller.sendSealed(account, sealed.get(account) ?? Buffer.alloc(0)),
  }).start();
  await ground.watchBacklog((count / CROWD_RATE_PER_S) * 1_000 + 500);
  await load.stop();
  const backAtMs = performance.now();
  const recovery = firstOfEach(oracle, new Set(accounts.map(({ openKfId }) => openKfId)), backAtMs);
  await Promise.all(hosts.map((host) => host.up()));
  await drain(run, oracle, ground.manager, accounts);
  others.enter('after');
  await ground.close();
  await closeHosts(hosts);
  return toStormRow(run, ground, count, {
    injection: `storm of ${count.toLocaleString('en-US')} accounts at once, down and then up`,
    length: `${count / CROWD_RATE_PER_S} s`,
    load: `an event each on ${CROWD_ORIGINS} origins, ${OTHERS_RATE_PER_S}/s over ${OTHERS} others`,
    backlog,
    recovery,
  });
}

function firstOfEach(oracle: Oracle, openKfIds: Set<string>, backAtMs: number): Durations {
  const durations = new Durations();
  oracle.onArrival = ({ openKfId, startedAtMs }) => {
    if (openKfIds.delete(openKfId)) durations.add(startedAtMs - backAtMs);
  };
  return durations;
}

interface StormFound {
  readonly injection: string;
  readonly length: string;
  readonly load: string;
  readonly backlog: Durations;
  readonly recovery?: Durations;
}

function toStormRow(
  run: Run,
  { oracle, others }: Ground,
  accounts: number,
  { backlog, recovery, ...described }: StormFound,
): Row {
  const othersP99 = others.compare('before', 'storm');
  return toRow(described, oracle, {
    recovery: recovery ?? null,
    othersP99,
    remarks: [`at most ${backlog.maxMs} hints waited`],
    broken: [
      ...unless(backlog.count > 0, '/health says nothing of the outbox'),
      ...unless(backlog.maxMs <= accounts, `${backlog.maxMs} hints of ${accounts} accounts`),
      ...p99Bound(run, othersP99),
      ...unless(
        others.failures === 0,
        `${others.failures} callbacks of healthy puppets were not answered 200`,
      ),
    ],
  });
}
