/**
 * Messages that the product pulls and gives to bots one after the other, beside callbacks that it delivers to puppets. One
 * manager for each store has all three kinds of bots, so that in turns they get the same process.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDatabase } from '../../../test/support/mongo/uri.js';
import { makeCallbacks } from './accounts.js';
import type { Child } from './child.js';
import { KfMessages } from './kf-messages.js';
import { MessageBots } from './message-bots.js';
import { MessageLoad, type Waits } from './message-load.js';
import { type MeasuredKey, type Program, type Setting, startProgram, TITLES } from './programs.js';
import { NO_LIMITS } from './proxy.js';
import { alignedTable, type Part, table } from './report.js';
import { type Round, runRound } from './round.js';
import type { Sink } from './sink.js';
import { median, ratioVerdicts } from './verdict.js';

const PACED_PER_S = 500;
const SETTLED_WITHIN_MS = 10_000;

export type MessagesPlan = {
  readonly rounds: number;
  readonly measureMs: number;
  readonly connections: number;
  readonly perAccount: number;
  /** That are there when the callback comes, of each account. Fewer with MongoDB, which takes longer. */
  readonly backlog: { readonly embedded: number; readonly mongo: number };
  /** Rounds before the first one. */
  readonly warmUpRounds: number;
  /** One at a time. */
  readonly idle: number;
  readonly pacedMs: number;
};

/** Where MongoDB is, and whether it is a real one. */
export type Database = { readonly uri: string; readonly kind: string };

type Store = {
  readonly title: string;
  readonly env: Readonly<Record<string, string>>;
  readonly backlog: number;
  readonly keys: {
    readonly events: MeasuredKey;
    readonly puppet: MeasuredKey;
    readonly callback: MeasuredKey;
  };
};

type OfStore = {
  readonly store: Store;
  readonly rounds: Map<MeasuredKey, Round[]>;
  readonly waits: readonly { readonly what: string; readonly waits: Waits }[];
  readonly appended: number;
  readonly pulls: number;
};

/**
 * @param database `undefined` leaves MongoDB out.
 * @param started told each child before anything can fail, so that it is ended whatever happens.
 * @throws Error when a message did not come once and in its turn.
 */
export async function measureMessages(
  base: Setting,
  sink: Sink,
  plan: MessagesPlan,
  database: Database | undefined,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<Part> {
  const measured: OfStore[] = [];
  for (const store of storesOf(plan, database)) {
    measured.push(await measureStore(base, store, sink, plan, started, say));
  }
  return toPart(measured, database);
}

function storesOf({ backlog }: MessagesPlan, database: Database | undefined): Store[] {
  const embedded: Store = {
    title: 'embedded',
    env: {},
    backlog: backlog.embedded,
    keys: { events: 'events', puppet: 'messages', callback: 'pulled' },
  };
  if (database === undefined) return [embedded];
  const uri = withDatabase(database.uri, `wxkf-bench-messages-${process.pid}`);
  const mongo: Store = {
    title: 'MongoDB',
    env: { MONGO_URI: uri },
    backlog: backlog.mongo,
    keys: { events: 'mongoEvents', puppet: 'mongoMessages', callback: 'mongoPulled' },
  };
  return [embedded, mongo];
}

async function measureStore(
  base: Setting,
  store: Store,
  sink: Sink,
  plan: MessagesPlan,
  started: (child: Child) => void,
  say: (line: string) => void,
): Promise<OfStore> {
  const count = base.accounts.length;
  const kinds = [await MessageBots.open('puppet', count), await MessageBots.open('callback', count)] as const;
  const wecom = await KfMessages.open(kinds.flatMap(({ conversations }) => conversations));
  try {
    const env = { ...wecom.env, ...NO_LIMITS, ...store.env, SECRETS_KEY: randomBytes(32).toString('base64') };
    const setting = { ...base, temp: join(base.temp, `messages-${store.title}`), env };
    mkdirSync(setting.temp);
    const program = await startProgram('ours', setting, started);
    for (const bots of kinds) await bots.join(`http://127.0.0.1:${program.port}`);
    const result = await measureProgram(program, store, kinds, sink, base, plan, say);
    await program.child.stop();
    return { ...result, pulls: wecom.pulls };
  } finally {
    for (const bots of kinds) await bots.close();
    wecom.close();
  }
}

async function measureProgram(
  program: Program,
  store: Store,
  kinds: readonly [MessageBots, MessageBots],
  sink: Sink,
  base: Setting,
  plan: MessagesPlan,
  say: (line: string) => void,
): Promise<Omit<OfStore, 'pulls'>> {
  const { keys } = store;
  const loads = kinds.map((bots) => new MessageLoad(program, bots));
  const [puppets, callbackBots] = loads;
  if (puppets === undefined || callbackBots === undefined) throw new Error('there are no bots');
  const work = { requests: makeCallbacks(base.accounts, plan.perAccount), count: () => sink.delivered };
  const turns: { key: MeasuredKey; run: () => Promise<Round> }[] = [
    { key: keys.events, run: () => runRound(program, work, plan) },
    { key: keys.puppet, run: () => puppets.backlog(store.backlog) },
    { key: keys.callback, run: () => callbackBots.backlog(store.backlog) },
  ];
  try {
    for (let n = 0; n < plan.warmUpRounds; n += 1) for (const { run } of turns) await run();
    await requireTaken(program, kinds);
    say(`${TITLES[keys.puppet]}: warm; each message came once and in order, signed as it should be`);
    const rounds = new Map<MeasuredKey, Round[]>(turns.map(({ key }) => [key, []]));
    for (let number = 1; number <= plan.rounds; number += 1) {
      // Back and forth: whoever always follows the same one has its advantage or pays for it.
      for (const { key, run } of number % 2 === 1 ? turns : turns.toReversed()) {
        const round = await run();
        rounds.get(key)?.push(round);
        say(`round ${number}/${plan.rounds} ${TITLES[key]}: ${Math.round(round.perS)}/s`);
        await requireTaken(program, kinds);
      }
    }
    const waits: { what: string; waits: Waits }[] = [];
    for (const [load, key] of [
      [puppets, keys.puppet],
      [callbackBots, keys.callback],
    ] as const) {
      waits.push({ what: `${TITLES[key]}, one at a time`, waits: await load.idle(plan.idle) });
      await requireTaken(program, kinds);
      const perS = pacedPerS(rounds.get(key) ?? []);
      waits.push({
        what: `${TITLES[key]}, ${perS} a second`,
        waits: await load.paced(perS, plan.pacedMs),
      });
      await requireTaken(program, kinds);
      say(`${TITLES[key]}: one at a time, and at ${perS} a second`);
    }
    return { store, rounds, waits, appended: appendedOf(kinds) };
  } finally {
    for (const load of loads) await load.close();
  }
}

/** A rate that is above what the manager can do would measure nothing but the queue. */
function pacedPerS(rounds: readonly Round[]): number {
  const perS = median(rounds.map((round) => round.perS));
  return perS < PACED_PER_S ? Math.max(1, Math.floor(perS / 2)) : PACED_PER_S;
}

function appendedOf(kinds: readonly MessageBots[]): number {
  return kinds.reduce((sum, { appended }) => sum + appended, 0);
}

/** By the manager's own count: each message was new once and is taken, and none went another way. @throws Error */
async function requireTaken({ port, child }: Program, kinds: readonly MessageBots[]): Promise<void> {
  const appended = appendedOf(kinds);
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const counts = await countsOf(port);
    for (const bots of kinds) bots.requireOrder();
    if (counts.taken === appended && counts.pulled === appended && counts.otherwise === 0) {
      for (const bots of kinds) bots.requireSigned();
      return;
    }
    if (performance.now() > deadlineMs)
      throw new Error(`of ${appended} messages: ${JSON.stringify(counts)}\n${child.logTail()}`);
    await sleep(20);
  }
}

async function countsOf(port: number) {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const text = await answer.text();
  const sumOf = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  const [repeated, unpulled, handedOver, buried] = ['repeated', 'unpulled', 'handed_over', 'buried'].map(
    (what) => sumOf(`wxkf_messages_${what}_total`),
  );
  return {
    pulled: Number(/^wxkf_messages_pulled_total\{kind="new"\} (\S+)$/m.exec(text)?.[1] ?? 0),
    taken: sumOf('wxkf_message_age_seconds_count'),
    otherwise: Number(repeated) + Number(unpulled) + Number(handedOver) + Number(buried),
  };
}

function toPart(measured: readonly OfStore[], database: Database | undefined): Part {
  const rounds = new Map(measured.flatMap((one) => [...one.rounds]));
  const accounts = measured.map(
    ({ store, appended, pulls }) =>
      `- ${store.title}: ${appended.toLocaleString('en-US')} messages, warm-up included, each of which came once and in ` +
      `order, in ${pulls.toLocaleString('en-US')} pulls; ${store.backlog} of each account at once`,
  );
  const mongo =
    database === undefined
      ? '- MongoDB was left out.'
      : `- MongoDB: ${database.kind === 'stand-in' ? 'the stand-in of the tests, which is no MongoDB' : 'one that was given'}`;
  const text = [
    '## Messages',
    table(rounds, 'per second'),
    alignedTable([['ratio', 'per second', 'per CPU second'], ...measured.flatMap(ratioRows)]),
    alignedTable([
      [
        'from the customer to the bot',
        'messages',
        'p50 ms',
        'p99 ms',
        'last after ms',
        'failed',
        'server CPU',
        'load CPU',
      ],
      ...measured.flatMap(({ waits }) => waits.map(waitsRow)),
    ]),
    [...accounts, mongo].join('\n'),
  ];
  return { rounds, text: [text.join('\n\n')], results: [] };
}

function ratioRows({ store: { title, keys }, rounds }: OfStore): string[][] {
  const events = rounds.get(keys.events);
  return (
    [
      ['puppets', keys.puppet],
      ['callback bots', keys.callback],
    ] as const
  ).flatMap(([whose, key]) =>
    ratioVerdicts('', rounds.get(key), events).map(({ byRate, byCpu }) => [
      `messages to ${whose} / callbacks, ${title}`,
      byRate.toFixed(2),
      byCpu?.toFixed(2) ?? '–',
    ]),
  );
}

function waitsRow({ what, waits }: OfStore['waits'][number]): string[] {
  const { count, p50Ms, p99Ms, endedAfterMs, failed, serverShare, loadShare } = waits;
  const percent = (share: number | null) => (share === null ? '–' : `${Math.round(share * 100)} %`);
  const figures = [p50Ms, p99Ms, endedAfterMs].map((ms) => ms.toFixed(1));
  return [
    what,
    count.toLocaleString('en-US'),
    ...figures,
    String(failed),
    percent(serverShare),
    percent(loadShare),
  ];
}
