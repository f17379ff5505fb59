/** Programs in WeCom's own form that pull for seconds before they answer: whoever answers at once must not notice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Caller, Load } from '../load.js';
import { Manager, UNLIMITED } from '../manager.js';
import { Oracle } from '../oracle.js';
import { Others } from '../others.js';
import { stablePort } from '../ports.js';
import { type Behaviour, closeHosts, openHosts } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const ORIGINS = 40;
const RATE_PER_S = 200;
const SLOW_ORIGINS = 8;
/** Of each slow origin: together more than redelivery has places for one endpoint. */
const ACCOUNTS_EACH = 40;
const SLOW_RATE_PER_S = 40;
const TIMEOUT_MS = 10_000;
/** By how much others' p99 may rise: the events of slow bots are work, too. */
const P99_ALLOWANCE_MS = 20;

export const slowBots: Scenario = {
  name: 'slow-bots',
  runs: 'alone',
  run: async (run) => [await slowBotsBeside(run)],
};

async function slowBotsBeside(run: Run): Promise<Row> {
  const [phaseMs, takesMs] = run.isShort ? [2_000, 2_500] : [30_000, 9_000];
  const slowly: Behaviour = (delivery) => void sleep(takesMs).then(() => delivery.take());
  const [oracle, ofSlow] = [new Oracle(), new Oracle()];
  const hosts = await openHosts(ORIGINS, oracle);
  const slow = await openHosts(SLOW_ORIGINS, ofSlow, slowly);
  const app = newApp();
  const accounts = hosts.map((host) => host.newAccount(app));
  // A corp for each, since hints that are older than their sync token go out at 6 a minute and corp.
  const slowAccounts = slow.flatMap((host) =>
    Array.from({ length: ACCOUNTS_EACH }, () => host.newAccount(newApp())),
  );
  const port = await stablePort();
  const manager = await Manager.start(run, { port, env: { ...(await run.newStore()), ...UNLIMITED } });
  await manager.register(accounts);
  await manager.addBots(slowAccounts, TIMEOUT_MS);

  const others = new Others();
  const random = run.random('slow-bots');
  const callers = [new Caller(port, oracle), new Caller(port, ofSlow)] as const;
  others.enter('without');
  const load = new Load({
    ratePerS: RATE_PER_S,
    pick: () => random.pick(accounts),
    send: (account) => callers[0].send(account),
    onAnswer: (_account, answer) => others.add(answer),
  }).start();
  await sleep(phaseMs);
  const slowLoad = new Load({
    ratePerS: SLOW_RATE_PER_S,
    pick: () => random.pick(slowAccounts),
    send: (account) => callers[1].send(account),
  }).start();
  // The first of them are late only then.
  await sleep(takesMs / 3);
  others.enter('with');
  await sleep(phaseMs);
  others.enter('after');
  await Promise.all([load.stop(), slowLoad.stop()]);
  for (const host of slow) host.behave = (delivery) => delivery.take();
  await drain(run, oracle, manager, accounts);
  await drain(run, ofSlow, manager, []);
  for (const caller of callers) caller.close();
  await manager.stop();
  await closeHosts([...hosts, ...slow]);
  const othersP99 = others.compare('without', 'with');
  return toRow(
    {
      injection: `${SLOW_ORIGINS} origins of bots that take ${takesMs / 1_000} s`,
      length: `${phaseMs / 1_000} s`,
      load: `${RATE_PER_S}/s over ${ORIGINS} origins, ${SLOW_RATE_PER_S}/s over ${slowAccounts.length} slow accounts`,
    },
    oracle,
    {
      othersP99,
      remarks: [
        `${ofSlow.accepted} callbacks of slow bots were answered 200, ${ofSlow.uncovered} of them lost`,
      ],
      broken: [
        ...unless(others.failures === 0, `${others.failures} callbacks of others were not answered 200`),
        ...unless(ofSlow.uncovered === 0, `${ofSlow.uncovered} events of slow bots were lost`),
        ...(run.isShort
          ? []
          : unless(
              othersP99.duringMs <= othersP99.beforeMs + P99_ALLOWANCE_MS,
              `others' p99 rose by more than ${P99_ALLOWANCE_MS} ms`,
            )),
      ],
    },
  );
}
