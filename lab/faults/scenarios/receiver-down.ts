/** Puppets that are away for a while, each on an origin of its own: how long after their return the first event comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../accounts.js';
import { newApp } from '../../../test/support/wecom.js';
import { until } from '../drain.js';
import { Durations } from '../durations.js';
import { Caller, Load } from '../load.js';
import { Manager } from '../manager.js';
import { Oracle } from '../oracle.js';
import { stablePort } from '../ports.js';
import { closeHosts, openHosts } from '../puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const FIRST_EVENT_WITHIN_MS = 30_000;
/** The promise is for absences up to this. */
const PROMISED_DOWN_S = 180;
/** Behind it comes nothing any more but a loss: the slowest step of a hint with a token, and its jitter. */
const GIVEN_UP_AFTER_MS = 220_000;
/** Half of them get one event while they are away, the others one every few seconds. */
const PUPPETS = 6;
const STREAM_RATE_PER_S = 1;
const REPORT_MS = 60_000;

export const receiverDown: Scenario = {
  name: 'receiver',
  runs: 'beside',
  run: async (run) => {
    const lengths = run.isShort ? [5] : [30, 180, 540, 900];
    const port = await stablePort();
    const manager = await Manager.start(run, { port, env: await run.newStore() });
    const startedAtMs = performance.now();
    const progress = setInterval(() => {
      run.say(`receiver: ${Math.round((performance.now() - startedAtMs) / 1_000)} s of ${lengths.at(-1)} s`);
    }, REPORT_MS);
    const rows = await Promise.all(lengths.map((seconds) => oneAbsence(run, manager, seconds)));
    clearInterval(progress);
    await manager.stop();
    return rows;
  },
};

async function oneAbsence(run: Run, manager: Manager, seconds: number): Promise<Row> {
  const oracle = new Oracle();
  const hosts = await openHosts(PUPPETS, oracle);
  // A corp each, because corps are limited in what they may ask without a sync token.
  const accounts = hosts.map((host) => host.newAccount(newApp()));
  const caller = new Caller(manager.port, oracle);
  await manager.register(accounts);
  await closeHosts(hosts);

  await Promise.all(accounts.map((account) => caller.send(account)));
  const stream = streamTo(run, caller, accounts.slice(PUPPETS / 2)).start();
  await sleep(seconds * 1_000);
  await stream.stop();

  const { durations, whenAllCame } = firstArrivals(oracle, accounts.length);
  await Promise.all(hosts.map((host) => host.up()));
  await whenAllCame(GIVEN_UP_AFTER_MS);
  await until(() => oracle.uncovered === 0, FIRST_EVENT_WITHIN_MS);
  caller.close();
  await closeHosts(hosts);
  const described = {
    injection: 'receiver down',
    length: seconds < 60 ? `${seconds} s` : `${seconds / 60} min`,
    load: `${PUPPETS} puppets; one event to each, then ${STREAM_RATE_PER_S}/s to half of them`,
  };
  return toRow(described, oracle, {
    recovery: durations,
    broken: [
      ...unless(durations.count === PUPPETS, `${PUPPETS - durations.count} puppets got nothing`),
      ...unless(
        seconds > PROMISED_DOWN_S || durations.maxMs <= FIRST_EVENT_WITHIN_MS,
        'the first event came later than 30 s after the return',
      ),
    ],
  });
}

function streamTo(run: Run, caller: Caller, accounts: readonly Account[]): Load {
  const random = run.random('receiver');
  return new Load({
    ratePerS: STREAM_RATE_PER_S,
    pick: () => random.pick(accounts),
    send: (account) => caller.send(account),
  });
}

/** From now to each account's first delivery; a puppet that is up takes it. */
function firstArrivals(oracle: Oracle, count: number) {
  const backAtMs = performance.now();
  const durations = new Durations();
  const seen = new Set<string>();
  oracle.onArrival = ({ openKfId, startedAtMs }) => {
    if (seen.has(openKfId)) return;
    seen.add(openKfId);
    durations.add(startedAtMs - backAtMs);
  };
  return { durations, whenAllCame: (limitMs: number) => until(() => seen.size === count, limitMs) };
}
