/** Many events for one account whose puppet is down, then events of thousands of accounts at once, whose puppets come back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, makeCallback } from '../accounts.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Durations } from '../durations.js';
import { Caller, Load } from '../load.js';
import { Manager, UNLIMITED } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others, p99Bound } from '../others.js';
import { stablePort } from '../ports.js';
import { closeHosts, openHosts, type PuppetHost } from '../puppets.js';
import type { Run } from '../run.js';
import { type Described, type Row, type Scenario, toRow, unless } from '../scenario.js';

const OTHERS = 40;
const OTHERS_RATE_PER_S = 200;
/** 20 times what each of the others gets. */
const STORM_RATE_PER_S = (20 * OTHERS_RATE_PER_S) / OTHERS;
const CROWD_ORIGINS = 50;
/** Every account of the crowd once; all in one instant would only queue up in the sockets. */
const CROWD_RATE_PER_S = 500;
const BACKLOG_POLL_MS = 250;
/** To register thousands of accounts would be a storm of another kind. */
const PROBED_WITHIN_MS = 10_000;

export const storm: Scenario = {
  name: 'storm',
  runs: 'alone',
  run: async (run) => {
    const crowd = new Crowd(run);
    const ground = new Ground(run);
    await ground.open(await crowd.open());
    const rows = [await stormOnOne(ground), await crowd.storm(ground)];
    await ground.close();
    return rows;
  },
};

/** Healthy accounts under load, and the manager that they share with those of the storms. */
class Ground {
  readonly others = new Others();
  manager!: Manager;
  #hosts: PuppetHost[] = [];
  #caller!: Caller;
  #load!: Load;

  constructor(readonly run: Run) {}

  async open(accounts: readonly Account[]): Promise<void> {
    const { run, others } = this;
    const oracle = new Oracle();
    this.#hosts = await openHosts(OTHERS, oracle);
    const app = newApp();
    const healthy = this.#hosts.map((host) => host.newAccount(app));
    // What a machine that pauses piles up is no overload that this is about.
    const env = { ...(await run.newStore()), ...UNLIMITED };
    this.manager = await Manager.start(run, { port: await stablePort(), env });
    await this.manager.register([...healthy, ...accounts]);
    const caller = new Caller(this.manager.port, oracle);
    const random = run.random('storm');
    this.#caller = caller;
    this.#load = new Load({
      ratePerS: OTHERS_RATE_PER_S,
      pick: () => random.pick(healthy),
      send: (account) => caller.send(account),
      onAnswer: (_account, answer) => others.add(answer),
    }).start();
    others.enter('warm-up');
    await sleep(run.isShort ? 1_000 : 10_000);
    others.enter('before');
    await sleep(run.isShort ? 2_000 : 30_000);
  }

  /** @returns how many hints waited at each look. */
  async watchBacklog(durationMs: number): Promise<Durations> {
    const waiting = new Durations();
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) {
      const outbox = await this.manager.outbox();
      if (outbox) waiting.add(outbox.waiting);
      await sleep(BACKLOG_POLL_MS);
    }
    return waiting;
  }

  async close(): Promise<void> {
    await this.#load.stop();
    this.#caller.close();
    await this.manager.stop();
    await closeHosts(this.#hosts);
  }
}

async function stormOnOne(ground: Ground): Promise<Row> {
  const { run, others, manager } = ground;
  const seconds = run.isShort ? 3 : 60;
  const oracle = new Oracle();
  const hosts = await openHosts(1, oracle);
  const accounts = hosts.map((host) => host.newAccount(newApp()));
  await manager.register(accounts);
  await closeHosts(hosts);

  others.enter('storm on one');
  const caller = new Caller(manager.port, oracle);
  const random = run.random('storm on one');
  const load = new Load({
    ratePerS: STORM_RATE_PER_S,
    pick: () => random.pick(accounts),
    send: (account) => caller.send(account),
  }).start();
  const backlog = await ground.watchBacklog(seconds * 1_000);
  await load.stop();
  others.enter('between');
  await Promise.all(hosts.map((host) => host.up()));
  await drain(run, oracle, manager, accounts);
  caller.close();
  await closeHosts(hosts);
  const described = {
    injection: 'storm on one account, its puppet down',
    length: `${seconds} s`,
    load: `${STORM_RATE_PER_S}/s on it, ${OTHERS_RATE_PER_S}/s over ${OTHERS} others`,
  };
  return toStormRow(described, ground, oracle, { phase: 'storm on one', accounts: 1, backlog });
}

class Crowd {
  readonly #oracle = new Oracle();
  readonly #count: number;
  /** Sealed ahead, since that takes longer than to send it. */
  readonly #sealed = new Map<Account, Buffer>();
  #hosts: PuppetHost[] = [];

  constructor(run: Run) {
    this.#count = run.isShort ? 1_000 : 5_000;
  }

  async open(): Promise<Account[]> {
    this.#hosts = await openHosts(CROWD_ORIGINS, this.#oracle);
    const app = newApp();
    for (let number = 0; number < this.#count / CROWD_ORIGINS; number++) {
      for (const host of this.#hosts) {
        const account = host.newAccount(app);
        this.#sealed.set(account, makeCallback(account).request);
      }
    }
    return [...this.#sealed.keys()];
  }

  async storm(ground: Ground): Promise<Row> {
    const { run, others, manager } = ground;
    const accounts = [...this.#sealed.keys()];
    const durationS = this.#count / CROWD_RATE_PER_S;
    await closeHosts(this.#hosts);
    others.enter('crowd');
    const caller = new Caller(manager.port, this.#oracle);
    const left = [...accounts];
    const load = new Load({
      ratePerS: CROWD_RATE_PER_S,
      pick: () => left.pop() ?? null,
      send: (account) => caller.sendSealed(account, this.#sealed.get(account) ?? Buffer.alloc(0)),
    }).start();
    const backlog = await ground.watchBacklog(durationS * 1_000 + 500);
    await load.stop();
    const recovery = this.#firstOfEach();
    await Promise.all(this.#hosts.map((host) => host.up()));
    await drain(run, this.#oracle, manager, accounts, PROBED_WITHIN_MS);
    others.enter('after');
    caller.close();
    await closeHosts(this.#hosts);
    const described = {
      injection: `storm of ${this.#count.toLocaleString('en-US')} accounts at once, down and then up`,
      length: `${durationS} s`,
      load: `an event each, on ${CROWD_ORIGINS} origins, ${OTHERS_RATE_PER_S}/s over ${OTHERS} others`,
    };
    return toStormRow(described, ground, this.#oracle, {
      phase: 'crowd',
      accounts: this.#count,
      backlog,
      recovery,
    });
  }

  /** From now to the first delivery of each account. */
  #firstOfEach(): Durations {
    const backAtMs = performance.now();
    const recovery = new Durations();
    const seen = new Set<string>();
    this.#oracle.onArrival = ({ openKfId, startedAtMs }) => {
      if (seen.has(openKfId)) return;
      seen.add(openKfId);
      recovery.add(startedAtMs - backAtMs);
    };
    return recovery;
  }
}

interface StormFound {
  readonly phase: string;
  readonly accounts: number;
  readonly backlog: Durations;
  readonly recovery?: Durations;
}

function toStormRow(described: Described, ground: Ground, oracle: Oracle, found: StormFound): Row {
  const { phase, accounts, backlog, recovery } = found;
  const { run, others } = ground;
  const othersP99 = others.compare('before', phase);
  return toRow(described, oracle, {
    recovery: recovery ?? null,
    othersP99,
    remarks: [`at most ${backlog.maxMs} hints waited`],
    broken: [
      ...unless(backlog.count > 0, '/health says nothing of the outbox'),
      ...unless(backlog.maxMs <= accounts + OTHERS, `${backlog.maxMs} hints of ${accounts} accounts`),
      ...p99Bound(run, othersP99),
      ...unless(
        others.failures === 0,
        `${others.failures} callbacks of healthy puppets were not answered 200`,
      ),
    ],
  });
}
