/** Two replicas are restarted in turn behind nginx, as an upgrade does it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain, until } from '../drain.js';
import { Ingress } from '../ingress.js';
import { Caller, Load } from '../load.js';
import { Manager, type ManagerOptions, UNLIMITED } from '../manager.js';
import { Nginx } from '../nginx.js';
import { Oracle } from '../oracle.js';
import { Others } from '../others.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts, type PuppetHost, refuse, take } from '../puppets.js';
import type { Run, StoreEnv } from '../run.js';
import { type NotRun, type Row, type Scenario, toRow, unless } from '../scenario.js';

const ACCOUNTS = 40;
const DOWN = 4;
const SLOW = 4;
const SLOW_MS_MAX = 1_800;
const RATE_PER_S = 100;
/** Forty looks at the readiness, and a reload of nginx, of which a busy machine makes few. */
const DRAIN_DELAY_MS = 4_000;
const IN_WITHIN_MS = 10_000;

export const rollingRestart: Scenario = {
  name: 'rolling',
  runs: 'in turn',
  run: async (run) => [await rolling(run)],
};

/** What the machine may lack. */
interface Ground {
  readonly store: StoreEnv;
  /** Where the replicas listen. */
  readonly ports: readonly number[];
  readonly nginx: Nginx;
}

/** @throws Error where there is no MongoDB or no nginx. */
async function openGround(run: Run): Promise<Ground> {
  const store = await run.newStore('mongodb');
  const ports = [await stablePort(), await stablePort()];
  return { store, ports, nginx: await Nginx.start(run, ports) };
}

async function rolling(run: Run): Promise<Row | NotRun> {
  let ground: Ground;
  try {
    ground = await openGround(run);
  } catch (error) {
    return { injection: 'rolling restart', notRun: String(error) };
  }
  const { nginx } = ground;
  const rounds = run.isShort ? 1 : 20;
  const oracle = new Oracle();
  const puppets = await openPuppets(run, oracle);
  const replicas = await Replicas.start(run, ground, puppets.accounts);
  const caller = new Caller(nginx.ports.plain, oracle);
  const others = new Others();
  others.enter('before');
  const load = loadOf(run, caller, puppets, others).start();
  await sleep(run.isShort ? 1_000 : 10_000);
  others.enter('rolling');
  for (let round = 1; round <= rounds; round++) {
    await replicas.restartEach();
    run.say(`rolling: ${round} of ${rounds}`);
  }
  await load.stop();
  for (const host of puppets.hosts) host.behave = take;
  await drain(run, oracle, replicas.any, puppets.accounts);
  caller.close();
  await replicas.stop();
  await nginx.stop();
  await closeHosts(puppets.hosts);
  const bad = oracle.sent - oracle.accepted;
  return toRow(
    {
      injection: 'rolling restart, two replicas on MongoDB behind nginx',
      length: `${rounds} rounds`,
      load: `${RATE_PER_S}/s over ${ACCOUNTS} accounts, ${DOWN} down, ${SLOW} slow`,
    },
    oracle,
    {
      othersP99: others.compare('before', 'rolling'),
      remarks: [
        `nginx ${nginx.version}, told ${nginx.reloads} times which replicas are ready`,
        // Each may be repeated for hundreds of callbacks.
        ...nginx.errors().slice(0, 1),
      ],
      broken: [...replicas.broken, ...unless(bad === 0, `${bad} callbacks were not answered 200`)],
    },
  );
}

interface Puppets {
  readonly hosts: readonly PuppetHost[];
  readonly accounts: readonly Account[];
  /** Those that take what they get at once. */
  readonly well: ReadonlySet<Account>;
}

async function openPuppets(run: Run, oracle: Oracle): Promise<Puppets> {
  const random = run.random('slow puppets');
  const hosts = await openHosts(ACCOUNTS, oracle);
  const slow: Behaviour = (delivery) => void setTimeout(() => delivery.take(), random.below(SLOW_MS_MAX));
  for (const host of hosts.slice(0, DOWN)) host.behave = refuse;
  for (const host of hosts.slice(DOWN, DOWN + SLOW)) host.behave = slow;
  const app = newApp();
  const accounts = hosts.map((host) => host.newAccount(app));
  return { hosts, accounts, well: new Set(accounts.slice(DOWN + SLOW)) };
}

function loadOf(run: Run, caller: Caller, { accounts, well }: Puppets, others: Others): Load {
  const random = run.random('rolling');
  return new Load({
    ratePerS: RATE_PER_S,
    pick: () => random.pick(accounts),
    send: (account) => caller.send(account),
    onAnswer: (account, answer) => well.has(account) && others.add(answer),
  });
}

class Replicas {
  /** What did not hold. */
  readonly broken: string[] = [];

  private constructor(
    private readonly run: Run,
    private readonly options: readonly ManagerOptions[],
    private readonly managers: Manager[],
    private readonly ingress: Ingress,
  ) {}

  static async start(run: Run, { store, ports, nginx }: Ground, accounts: readonly Account[]) {
    const env = { ...store, ...UNLIMITED, DRAIN_DELAY_MS: String(DRAIN_DELAY_MS), TRUST_PROXY: '127.0.0.1' };
    const options = ports.map((port) => ({ port, env }));
    const managers = await Promise.all(options.map((one) => Manager.start(run, one)));
    const replicas = new Replicas(run, options, managers, new Ingress(nginx, managers));
    await replicas.any.register(accounts);
    // By then the other replica has read what was registered.
    await sleep(3_000);
    return replicas;
  }

  get any(): Manager {
    const [manager] = this.managers;
    if (manager === undefined) throw new Error('there is no replica');
    return manager;
  }

  /** One after the other; the next one when this one is used again. */
  async restartEach(): Promise<void> {
    for (const [index, one] of this.options.entries()) {
      const code = await this.managers[index]?.stop();
      const next = await Manager.start(this.run, one);
      this.managers[index] = next;
      this.ingress.replace(next);
      const isIn = await until(() => this.ingress.isIn(one.port), IN_WITHIN_MS);
      this.broken.push(
        ...unless(code === 0, `a replica ended with ${code} on SIGTERM`),
        ...unless(isIn, 'a replica did not get ready again'),
      );
    }
  }

  async stop(): Promise<void> {
    this.ingress.close();
    await Promise.all(this.managers.map((manager) => manager.stop()));
  }
}
