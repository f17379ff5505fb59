/**
 * Five times what can be handled, of two kinds: the process is too slow for what comes in, or its puppets are. All
 * of it is answered, by 200 or an honest 503; nothing that was answered 200 is lost; and it is over at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, makeCallbacks } from '../accounts.js';
import { newApp } from '../../../test/support/wecom.js';
import { drain } from '../drain.js';
import { Durations } from '../durations.js';
import { Flood, type FloodFigures } from '../flood.js';
import { Manager, UNLIMITED } from '../manager.js';
import { ManagerWatch } from '../manager-watch.js';
import { Oracle } from '../oracle.js';
import { type Phase, phaseTable } from '../phase-table.js';
import { stablePort } from '../ports.js';
import { QuickPuppets } from '../quick-puppets.js';
import type { Run } from '../run.js';
import { type Row, type Scenario, toRow, unless } from '../scenario.js';

const TIMES = 5;
/** A machine that has no time for this run does not do so little in the end that nothing is too much. */
const OFFERED_PER_S_MIN = 2_000;
/** In a short and in a long run: what is offered is to find a free one. */
const CONNECTIONS = [2_000, 5_000] as const;
const ORIGINS = 20;
const SOCKETS_PER_ORIGIN = 32;
const ACCOUNTS_PER_ORIGIN = 10;
/** Sealing takes longer than sending, so that each is sent again and again. */
const EVENTS_PER_ACCOUNT = 10;
/** When it is over: so few that a machine which pauses for seconds makes no overload of them. */
const AFTER_PER_S = 100;
const PROBES_PER_S = 200;
/** Beyond what it took at its capacity. More than that, and something grows without end. */
const RSS_GROWTH_MB_MAX = 512;

interface Kind {
  readonly title: string;
  readonly puppetMs: number;
  /** Callbacks under way while the capacity is measured. */
  readonly atCapacity: number;
  /** Of the manager; the defaults where nothing is said. */
  readonly env: Readonly<Record<string, string>>;
  readonly isLimited: boolean;
  /** What has to be done with some of it. */
  readonly expected: 'kept' | 'refused';
}

const HEALTHY: Kind = {
  title: 'healthy puppets',
  puppetMs: 0,
  atCapacity: 64,
  env: {},
  isLimited: true,
  expected: 'refused',
};
const SLOW: Kind = {
  title: 'puppets that take 500 ms',
  puppetMs: 500,
  atCapacity: ORIGINS * SOCKETS_PER_ORIGIN,
  env: {},
  isLimited: true,
  expected: 'kept',
};

/** A second's overload of any machine is to reach them. */
const SHORT: readonly Kind[] = [
  { ...HEALTHY, env: { CALLBACKS_TRIED_MAX: '250', CALLBACKS_UNDER_WAY_MAX: '500' } },
  { ...SLOW, env: { CALLBACKS_TRIED_MAX: String(SLOW.atCapacity) } },
];
const LONG: readonly Kind[] = [HEALTHY, SLOW].flatMap((kind) => [kind, withoutLimits(kind)]);

/** As it was before there were limits. */
function withoutLimits(kind: Kind): Kind {
  return { ...kind, title: `${kind.title}, without limits`, env: UNLIMITED, isLimited: false };
}

export const overload: Scenario = {
  name: 'overload',
  runs: 'alone',
  run: async (run) => {
    const rows: Row[] = [];
    for (const kind of run.isShort ? SHORT : LONG) rows.push(await overloadOf(run, kind));
    return rows;
  },
};

async function overloadOf(run: Run, kind: Kind): Promise<Row> {
  const oracle = new Oracle();
  const open = () => QuickPuppets.open(oracle, kind.puppetMs);
  const puppets = await Promise.all(Array.from({ length: ORIGINS }, open));
  const accounts = puppets.flatMap((origin) => {
    const app = newApp();
    return Array.from({ length: ACCOUNTS_PER_ORIGIN }, () => origin.newAccount(app));
  });
  const stage = await Stage.open(run, kind, oracle, accounts);
  const row = await stage.play();
  for (const origin of puppets) origin.close();
  return row;
}

/** One manager from its start to its end. */
class Stage {
  private constructor(
    private readonly run: Run,
    private readonly kind: Kind,
    private readonly oracle: Oracle,
    private readonly accounts: readonly Account[],
    private readonly manager: Manager,
    private readonly watch: ManagerWatch,
    private readonly flood: Flood,
  ) {}

  static async open(run: Run, kind: Kind, oracle: Oracle, accounts: readonly Account[]): Promise<Stage> {
    const watch = new ManagerWatch(run.folder('watch'));
    // All callers are this one.
    const callers = { CONNECTIONS_PER_ADDRESS_MAX: '10000' };
    const env = { ...(await run.newStore()), ...watch.env, ...callers, ...kind.env };
    const manager = await Manager.start(run, { port: await stablePort(), env });
    await manager.register(accounts);
    const flood = new Flood(manager.port, makeCallbacks(accounts, EVENTS_PER_ACCOUNT), oracle);
    return new Stage(run, kind, oracle, accounts, manager, watch, flood);
  }

  async play(): Promise<Row> {
    const { run, kind, flood, oracle, manager, accounts } = this;
    const [warmUpMs, capacityMs, overMs, afterMs] = run.isShort
      ? ([500, 1_000, 2_000, 500] as const)
      : ([4_000, 6_000, 20_000, 3_000] as const);
    await flood.open(kind.atCapacity);
    await this.#phase('warm-up', flood.startClosed(kind.atCapacity), warmUpMs);
    const capacity = await this.#phase('capacity', flood.startClosed(kind.atCapacity), capacityMs);
    const perS = capacity.figures.accepted.count / capacity.figures.seconds;
    const offeredPerS = Math.max(OFFERED_PER_S_MIN, perS * TIMES);
    await flood.open(CONNECTIONS[run.isShort ? 0 : 1]);
    const over = await this.#phase(`${TIMES} × capacity`, flood.startOpen(offeredPerS), overMs);
    const after = await this.#phase('after', flood.startOpen(AFTER_PER_S), afterMs);
    const { kept, refused } = await manager.overload();
    const counts = { kept: kept.under_way, refused: refused.under_way };
    flood.close();
    const drainedMs = await drain(run, oracle, manager, accounts);
    await manager.stop();

    run.say(`overload, ${kind.title}:\n\n${phaseTable([capacity, over, after])}\n`);
    const recovery = new Durations();
    recovery.add(over.recoveredMs);
    return toRow(
      {
        injection: `overload, ${kind.title}`,
        length: `${overMs / 1_000} s`,
        load: `${TIMES} × the capacity of ${Math.round(perS)}/s, over ${accounts.length} accounts`,
      },
      oracle,
      {
        recovery,
        remarks: [
          `event loop late by ${over.loopDelayMs.toFixed(0)} ms at most, memory ${over.rssMb.toFixed(0)} MB`,
          `${kept.under_way} events kept without a try; ${refused.under_way} callbacks refused`,
          `drained in ${(drainedMs / 1_000).toFixed(1)} s`,
        ],
        broken: kind.isLimited
          ? [
              ...unless(counts[kind.expected] > 0, `nothing was ${kind.expected}`),
              ...othersOf([capacity, over, after]),
              ...unless(after.figures.refused.count === 0, 'callbacks were refused when it was over'),
              ...unless(over.rssMb <= capacity.rssMb + RSS_GROWTH_MB_MAX, 'memory grew beyond its bound'),
            ]
          : [],
      },
    );
  }

  /** Ends when all of it is answered, and one more. */
  async #phase(name: string, figures: FloodFigures, durationMs: number): Promise<Phase> {
    const { flood } = this;
    const peaks = await this.watch.peaks(this.manager, durationMs);
    flood.pause();
    const recoveredMs = await this.#whenTaken(figures.endedAtMs);
    await flood.whenAnswered();
    return { name, figures, recoveredMs, ...peaks };
  }

  /** From then on until a callback that was sent since is answered 200. */
  async #whenTaken(sinceMs: number): Promise<number> {
    const probes = this.flood.startOpen(PROBES_PER_S);
    while (probes.firstAcceptedMs === null) await sleep(1);
    const takenMs = performance.now() - sinceMs;
    this.flood.pause();
    return takenMs;
  }
}

/** Where the machine has no time, an event may be neither delivered nor kept in its 2.8 s, and that is said, too. */
function othersOf(phases: readonly Phase[]): string[] {
  const others = new Set(phases.flatMap(({ figures }) => [...figures.others.keys()]));
  others.delete('503 DISPATCH_NOT_TAKEN');
  return unless(others.size === 0, `answers that are none of these: ${[...others].join(', ')}`);
}
