/** Two replicas are restarted in turn behind a balancer, as an upgrade does it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../../bench/load/accounts.js';
import { newApp } from '../../test/support/wecom.js';
import { Balancer } from '../balancer.js';
import { drain, until } from '../drain.js';
import { Load } from '../load.js';
import { Manager, type ManagerOptions } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others } from '../others.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts, refuse, take } from '../puppets.js';
import type { Run } from '../run.js';
import { type NotRun, type Row, type Scenario, toRow, unless } from '../scenario.js';

const ACCOUNTS = 40;
const DOWN = 4;
const SLOW = 4;
const SLOW_MS_MAX = 1_800;
const RATE_PER_S = 100;
/** Twenty looks of the balancer, of which a busy machine makes few. */
const DRAIN_DELAY_MS = 2_000;
const IN_WITHIN_MS = 10_000;

export const rollingRestart: Scenario = {
  name: 'rolling',
  runs: 'in turn',
  run: async (run) => [await rolling(run)],
};

async function rolling(run: Run): Promise<Row | NotRun> {
  let store: Readonly<Record<string, string>>;
  try {
    store = await run.newStore('mongodb');
  } catch (error) {
    return { injection: 'rolling restart', notRun: String(error) };
  }
  const rounds = run.isShort ? 2 : 20;
  const random = run.random('rolling');
  const oracle = new Oracle();
  const hosts = await openHosts(ACCOUNTS, oracle);
  const slow: Behaviour = (delivery) => void setTimeout(() => delivery.take(), random.below(SLOW_MS_MAX));
  for (const host of hosts.slice(0, DOWN)) host.behave = refuse;
  for (const host of hosts.slice(DOWN, DOWN + SLOW)) host.behave = slow;
  const app = newApp();
  const accounts = hosts.map((host) => host.newAccount(app));
  const well = new Set<Account>(accounts.slice(DOWN + SLOW));

  const env = { ...store, DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) };
  const options: ManagerOptions[] = [];
  for (let number = 0; number < 2; number++) options.push({ port: await stablePort(), env });
  const managers = await Promise.all(options.map((one) => Manager.start(run, one)));
  await managers[0]?.register(accounts);
  // By then the other replica has read what was registered.
  await sleep(3_000);

  const balancer = new Balancer(managers, oracle);
  const others = new Others();
  others.enter('before');
  const load = new Load({
    ratePerS: RATE_PER_S,
    pick: () => random.pick(accounts),
    send: (account) => balancer.send(account),
    onAnswer: (account, answer) => well.has(account) && others.add(answer),
  }).start();
  await sleep(run.isShort ? 1_000 : 10_000);
  others.enter('rolling');
  const broken: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const [index, one] of options.entries()) {
      const code = await managers[index]?.stop();
      broken.push(...unless(code === 0, `a replica ended with ${code} on SIGTERM`));
      const next = await Manager.start(run, one);
      managers[index] = next;
      balancer.replace(next);
      const isIn = await until(() => balancer.isIn(one.port), IN_WITHIN_MS);
      broken.push(...unless(isIn, 'a replica did not get ready again'));
    }
    run.say(`rolling: ${round} of ${rounds}`);
  }
  await load.stop();
  for (const host of hosts) host.behave = take;
  if (managers[0]) await drain(run, oracle, managers[0], accounts);
  balancer.close();
  await Promise.all(managers.map((manager) => manager.stop()));
  await closeHosts(hosts);
  const bad = oracle.sent - oracle.accepted;
  return toRow(
    {
      injection: 'rolling restart, two replicas on MongoDB',
      length: `${rounds} rounds`,
      load: `${RATE_PER_S}/s over ${ACCOUNTS} accounts, ${DOWN} down, ${SLOW} slow`,
    },
    oracle,
    {
      othersP99: others.compare('before', 'rolling'),
      broken: [...broken, ...unless(bad === 0, `${bad} callbacks were not answered 200`)],
    },
  );
}
