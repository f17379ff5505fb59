/** One trial: customers write, bot and manager are killed and started again meanwhile, and answers are counted. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../faults/run.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import type { BotProcess } from './bot-process.js';
import { Answers, type Conversation, type Counts, type Load } from './conversation.js';
import type { Seat } from './program.js';

/** WeCom's last re-send of a callback begins 15 s after the first, and is given up 5 s later. */
const RESENDS_MS = 21_000;
const QUIET_MS = 5_000;
const SETTLES_WITHIN_MS = 90_000;
const BOT_AWAY_MS = 2_000;
const OPENING_MS = 5_000;
/** A program takes some seconds to start. */
const ROUND_MS = 40_000;

export interface Outcome {
  readonly seat: Seat;
  readonly isRestarted: boolean;
  /** How often everything was restarted, if it was. */
  readonly rounds: number;
  /** What is wrong with the answer to the verification of its URL; `null` when nothing is. */
  readonly fault: string | null;
  readonly counts: Counts;
  /** Hints that the manager still kept at the end; `null`: it does not say. */
  readonly undelivered: number | null;
}

export interface NotRun {
  readonly seat: Seat;
  readonly notRun: string;
}

/** A bot that runs, and who writes to it. */
export interface Seated {
  readonly seat: Seat;
  readonly bot: BotProcess;
  readonly fault: string | null;
  readonly conversation: Conversation;
}

export interface Restarts {
  /** Kills and starts the manager; `null` where there is none. */
  readonly manager: (() => Promise<void>) | null;
}

/** @param undelivered see `Outcome`. @returns when everything had time to come. */
export async function converse(
  run: Run,
  wecom: Simulator,
  seated: readonly Seated[],
  load: Load,
  restarts: Restarts | null,
  undelivered: () => Promise<number | null>,
): Promise<readonly Outcome[]> {
  const conversations = seated.map(({ conversation }) => conversation);
  await open(seated);
  const answers = new Answers(wecom, conversations);
  const writing = conversations.map((conversation) => conversation.write(load));
  const restarting = restarts === null ? [] : [restart(seated, load, restarts)];
  await Promise.all([...writing, ...restarting]);
  await sleep(RESENDS_MS);
  const limitMs = performance.now() + SETTLES_WITHIN_MS;
  const isSettled = async () => answers.quietMs > QUIET_MS && (await undelivered()) === 0;
  while (!run.isEnding && performance.now() < limitMs && !(await isSettled())) await sleep(500);
  answers.end();
  const left = await undelivered();
  return seated.map(({ seat, fault, conversation }) => {
    const counts = conversation.counts();
    return { seat, isRestarted: restarts !== null, rounds: roundsOf(load), fault, counts, undelivered: left };
  });
}

/** For programs that skip an account's first event. */
async function open(seated: readonly Seated[]): Promise<void> {
  const opened = seated.filter(({ seat }) => seat.program.skipsFirst);
  for (const { conversation } of opened) conversation.open();
  if (opened.length > 0) await sleep(OPENING_MS);
}

/** In each round the bots after a third of its load, the manager after two. */
async function restart(seated: readonly Seated[], load: Load, { manager }: Restarts): Promise<void> {
  const rounds = roundsOf(load);
  const thirdMs = load.withinMs / rounds / 3;
  for (let round = 0; round < rounds; round++) {
    const ended = sleep(3 * thirdMs);
    await Promise.all([
      ...seated.map(async ({ bot }) => {
        await sleep(thirdMs);
        await bot.kill();
        await sleep(BOT_AWAY_MS);
        await bot.start();
      }),
      sleep(2 * thirdMs).then(() => manager?.()),
    ]);
    await ended;
  }
}

/** How often everything is restarted during a load. */
export function roundsOf({ withinMs }: Pick<Load, 'withinMs'>): number {
  return Math.max(1, Math.floor(withinMs / ROUND_MS));
}
