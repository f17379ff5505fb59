/**
 * The database stops, stands still, or its connections break. Puppets that answer go on being served, the
 * manager stays up, and what waited before is on its way when the database is back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type StandIn, startStandIn } from '../../../test/support/mongo/mongo-server.js';
import { newApp } from '../../../test/support/wecom.js';
import { newDatabaseUri } from '../database.js';
import { drain, until } from '../drain.js';
import { Caller, Load } from '../load.js';
import { Manager, type OutboxHealth, UNLIMITED } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others } from '../others.js';
import { stablePort } from '../ports.js';
import { closeHosts, openHosts, refuse, take } from '../puppets.js';
import { Recovery } from '../recovery.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';
import { TcpProxy } from '../tcp-proxy.js';

const HEALTHY = 20;
const FAILING = 10;
const RATE_PER_S = 60;
const WARM_UP_MS = 1_000;
const BEFORE_MS = 1_000;
const ON_ITS_WAY_MS = 20_000;
/** Beside other work, which the database that has just been started may wait for. */
const ON_ITS_WAY_SHORT_MS = 40_000;
/** A database that has just been started may take longer to count than /health waits for it. */
const HEALTHY_WITHIN_MS = 10_000;
const HEALTH_POLL_MS = 200;
const KINDS = ['stopped', 'SIGSTOP', 'connections reset'] as const;

type Kind = (typeof KINDS)[number];

/** How a database is taken away from one manager and given back. */
interface Injection {
  readonly uri: string;
  takeAway(): Promise<void>;
  giveBack(): Promise<void>;
}

export const databaseOutage: Scenario = {
  name: 'outage',
  runs: 'in turn',
  run: async (run) => {
    const victim = await startVictim(run).catch(String);
    // The tests leave their outages out too where another MongoDB than the stand-in is named.
    const isExcused = Boolean(process.env.MONGO_TEST_URI);
    if (typeof victim === 'string') return [{ injection: 'database outage', notRun: victim, isExcused }];
    const rows: Row[] = [];
    for (const seconds of run.isShort ? [3] : [5, 60]) {
      for (const kind of KINDS) {
        rows.push(await oneOutage(run, victim, kind, seconds));
        run.say(`outage: ${kind}, ${seconds} s is over`);
      }
    }
    await victim.stop();
    return rows;
  },
};

async function oneOutage(run: Run, victim: Victim, kind: Kind, seconds: number): Promise<Row> {
  const injection = victim.prepare(kind);
  const oracle = new Oracle();
  const recovery = new Recovery(oracle);
  const others = new Others();
  const hosts = await openHosts(HEALTHY + FAILING, oracle);
  const app = newApp();
  const accounts = hosts.map((host) => host.newAccount(app));
  const failing = hosts.slice(HEALTHY);
  const failingAccounts = accounts.slice(HEALTHY);
  const port = await stablePort();
  const caller = new Caller(port, oracle);
  const manager = await Manager.start(run, { port, env: { ...UNLIMITED, MONGO_URI: injection.uri } });
  await manager.register(accounts);

  const random = run.random(`outage ${kind} ${seconds}`);
  const load = new Load({
    ratePerS: RATE_PER_S,
    pick: () => random.pick(accounts.slice(0, HEALTHY)),
    send: (account) => caller.send(account),
    onAnswer: (_account, answer) => others.add(answer),
  }).start();
  others.enter('warm-up');
  await sleep(WARM_UP_MS);
  others.enter('before');
  for (const host of failing) host.behave = refuse;
  await Promise.all(failingAccounts.map((account) => caller.send(account)));
  await sleep(BEFORE_MS);

  others.enter('outage');
  await injection.takeAway();
  for (const host of failing) host.behave = take;
  await sleep(seconds * 1_000);
  const waiting = oracle.listUncovered();
  await injection.giveBack();
  // A stopped database answers before its start is told of; what went out by then was not late.
  recovery.fault(oracle.listUncovered());
  recovery.begin(performance.now());
  const onItsWayMs = run.isShort ? ON_ITS_WAY_SHORT_MS : ON_ITS_WAY_MS;
  await until(() => recovery.waiting === 0, onItsWayMs);
  const late = recovery.end();
  await load.stop();

  const hasExited = manager.hasExited;
  if (!hasExited) await drain(run, oracle, manager, accounts);
  const outbox = hasExited ? null : await outboxOf(manager);
  const log = hasExited ? null : await manager.deliveryLog();
  caller.close();
  await manager.stop();
  await closeHosts(hosts);
  const described = {
    injection: `database outage, ${kind}`,
    length: `${seconds} s`,
    load: `${RATE_PER_S}/s over ${HEALTHY} healthy accounts, ${FAILING} hints waiting`,
  };
  return toRow(described, oracle, {
    recovery: recovery.durations,
    othersP99: others.compare('before', 'outage'),
    remarks: [
      `${waiting.length} hints waited when the database came back`,
      `${log?.dropped ?? 0} records of the delivery log were dropped`,
    ],
    broken: [
      ...unless(
        others.failures === 0,
        `${others.failures} callbacks of healthy puppets were not answered 200`,
      ),
      ...unless(!hasExited, 'the manager ended'),
      ...unless(
        late === 0,
        `${late} hints were not on their way ${onItsWayMs / 1_000} s after the database was back`,
      ),
      ...unless(outbox !== null, '/health says nothing of the outbox 10 s later'),
      ...unless(log !== null && log.since !== null, 'the delivery log cannot be searched'),
      ...unless((outbox?.dead ?? 0) === 0, `${outbox?.dead} dead letters`),
    ],
  });
}

/** @returns `null` when `/health` does not tell within the limit. */
async function outboxOf(manager: Manager): Promise<OutboxHealth | null> {
  const limitMs = performance.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    const outbox = await manager.outbox();
    if (outbox !== null || performance.now() > limitMs) return outbox;
    await sleep(HEALTH_POLL_MS);
  }
}

/** A stand-in of its own, because no other database can be stopped from here. */
async function startVictim(run: Run): Promise<Victim> {
  const dataDir = run.folder('stand-in');
  const start = async (port: number): Promise<StandIn> => {
    const server = await startStandIn({ dataDir, port });
    run.onEnd(() => server.kill());
    return server;
  };
  return new Victim(start, await start(await stablePort()), await TcpProxy.open(await stablePort(), run));
}

class Victim {
  constructor(
    private readonly start: (port: number) => Promise<StandIn>,
    private server: StandIn,
    private readonly proxy: TcpProxy,
  ) {
    proxy.upstreamPort = server.port;
  }

  /** On a database that was never used. */
  prepare(kind: Kind): Injection {
    const uri = newDatabaseUri(this.server.uri);
    switch (kind) {
      case 'stopped':
        return {
          uri,
          takeAway: () => this.server.kill(),
          giveBack: async () => {
            this.server = await this.start(this.server.port);
          },
        };
      case 'SIGSTOP':
        return { uri, takeAway: () => this.server.pause(), giveBack: async () => this.server.resume() };
      case 'connections reset':
        return {
          // Asked where it is, the database would name its own port.
          uri: `${newDatabaseUri(`mongodb://127.0.0.1:${this.proxy.port}/`)}?directConnection=true`,
          takeAway: async () => this.proxy.break(),
          giveBack: async () => this.proxy.mend(),
        };
      default:
        return kind satisfies never;
    }
  }

  async stop(): Promise<void> {
    this.proxy.close();
    await this.server.kill();
  }
}
