/** An account that moves between programs, whatever each of them takes: nothing comes again, and nothing is missing. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { type PullingHabit, PullingBot } from '../support/pulling-bot.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

type Takes = 'event' | 'message';

/** A program, and the bot that it is here. */
interface Program {
  readonly pulling: PullingBot;
  readonly id: string;
  /** An account of its own, so that it is there all the time. */
  readonly ownId: string;
}

let scene: Scene;
let wecom: Simulator;
let openKfId: string;
let programs: Program[];

beforeAll(async () => {
  scene = await Scene.open({ accounts: 60 });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

beforeEach(() => {
  [openKfId, programs] = [scene.newAccount(), []];
});

afterEach(async () => {
  await Promise.all(programs.map(({ pulling }) => pulling.close()));
});

async function add(takes: Takes, habit: PullingHabit, fields: object = {}): Promise<Program> {
  const pulling = await PullingBot.start();
  pulling.habit = habit;
  const ownId = scene.newAccount();
  const { id } = await pulling.addTo(scene.url, wecom, ownId, {
    name: `${takes} ${habit}`,
    takes,
    ...fields,
  });
  const program = { pulling, id, ownId };
  programs.push(program);
  return program;
}

const setAccounts = ({ id }: Program, openKfIds: readonly string[]) =>
  scene.ask('PATCH', `/api/v1/bots/${id}`, { openKfIds });

async function move(from: Program | null, to: Program): Promise<void> {
  if (from !== null) await setAccounts(from, [from.ownId]);
  await setAccounts(to, [to.ownId, openKfId]);
}

const say = (text: string) => wecom.say(text, { openKfId });

/** One after the other: programs that pull twice at once are given the same twice, with the manager and without. */
async function talk({ pulling }: Program, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    say(text);
    await until(() => pulling.texts.includes(text));
  }
}

/** All that was said is taken, and so is all that told of it. */
async function settled(): Promise<void> {
  await until(async () => {
    const told = wecom.callbacks.records.filter((record) => record.openKfId === openKfId);
    if (told.some(({ state }) => state === 'running')) return false;
    const lists = await Promise.all(
      ['hints', 'messages'].map((what) => scene.ask('GET', `/api/v1/${what}?openKfId=${openKfId}`)),
    );
    return lists.every((list) => (list as { readonly items: readonly unknown[] }).items.length === 0);
  });
}

const numbered = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`);

const TAKES: readonly Takes[] = ['event', 'message'];
/** Programs that begin without a cursor, or never keep one. */
const MOVES: readonly [Takes, Takes, PullingHabit][] = [
  ['event', 'event', 'from where it was'],
  ['event', 'event', 'before it answers'],
  ['event', 'message', 'before it answers'],
  ['message', 'event', 'from where it was'],
  ['message', 'message', 'before it answers'],
];

describe('an account that moves', () => {
  it.each(MOVES)(
    'from one that takes %ss to one that takes %ss, both pulling %s',
    async (from, to, habit) => {
      const [first, second] = [await add(from, habit), await add(to, habit)];
      await move(null, first);
      await talk(first, numbered(1, 3));
      await settled();
      await move(first, second);
      await talk(second, numbered(4, 5));
      await settled();
      expect(first.pulling.texts).toEqual(numbered(1, 3));
      expect(second.pulling.texts).toEqual(numbered(4, 5));
    },
  );

  it.each(TAKES)('to a new bot that takes %ss, and back, whatever was not told of', async (takes) => {
    const first = await add('event', 'before it answers');
    await move(null, first);
    await talk(first, ['1', '2']);
    await settled();
    await setAccounts(first, [first.ownId]);
    wecom.faults.dropCallbacks = true;
    say('3');
    wecom.faults.dropCallbacks = false;
    const second = await add(takes, 'before it answers', { openKfIds: [openKfId] });
    await talk(second, ['4']);
    await settled();
    await scene.ask('DELETE', `/api/v1/bots/${second.id}`);
    await move(null, first);
    await talk(first, ['5']);
    await settled();
    expect(second.pulling.texts).toEqual(['3', '4']);
    expect(first.pulling.texts).toEqual(['1', '2', '5']);
  });

  it.each(TAKES)('while messages wait, to one that takes %ss', async (takes) => {
    const first = await add('message', 'before it answers');
    const second = await add(takes, 'before it answers');
    await move(null, first);
    await talk(first, ['1', '2']);
    await settled();
    first.pulling.status = 503;
    // They are pulled together.
    await scene.ask('PATCH', `/api/v1/bots/${first.id}`, { openKfIds: [first.ownId] });
    for (const text of ['3', '4', '5', '6']) say(text);
    await move(null, first);
    await until(() => first.pulling.texts.includes('3'));
    const given = first.pulling.texts.length;
    expect(given).toBeGreaterThan(2);
    await move(first, second);
    await until(() => second.pulling.texts.includes('6'));
    await talk(second, ['7']);
    expect(second.pulling.texts).toEqual(numbered(3, 7));
  });

  it('from one that takes events, through a tunnel or from elsewhere, to one that was there before', async () => {
    const first = await add('event', 'never', { api: 'direct' });
    const second = await add('message', 'before it answers');
    await move(null, first);
    for (const text of numbered(1, 3)) {
      const before = first.pulling.server.received.length;
      say(text);
      await until(() => first.pulling.server.received.length > before);
    }
    await settled();
    await clockTurns();
    await move(first, second);
    await talk(second, ['4', '5']);
    expect(second.pulling.texts).toEqual(['4', '5']);
  });

  it('to a program that did not read the answer to its pull gives it the messages once more', async () => {
    const first = await add('event', 'before it answers');
    await move(null, first);
    await talk(first, ['1']);
    await settled();
    first.pulling.habit = 'never';
    const before = first.pulling.server.received.length;
    say('2');
    await until(() => first.pulling.server.received.length > before);
    await settled();
    await first.pulling.pullRaw(openKfId, (socket) => socket.resetAndDestroy());
    first.pulling.habit = 'before it answers';
    await talk(first, ['3']);
    expect(first.pulling.texts).toEqual(numbered(1, 3));
  });

  it('to a program that refuses an event after its pull gives it the messages once more', async () => {
    const first = await add('event', 'before it answers');
    const { pulling } = first;
    await move(null, first);
    await talk(first, ['1']);
    await settled();
    pulling.status = 500;
    say('2');
    await until(() => pulling.texts.includes('2'));
    pulling.status = 200;
    await settled();
    expect(new Set(pulling.texts)).toEqual(new Set(['1', '2']));
    expect(pulling.texts.filter((text) => text === '2').length).toBeGreaterThan(1);
  });

  it('to a program that was at work on an event when the manager was killed gives it the messages once more', async () => {
    const first = await add('event', 'before it answers');
    const { pulling } = first;
    await move(null, first);
    await talk(first, ['1']);
    await settled();
    const work = Promise.withResolvers<void>();
    pulling.work = () => work.promise;
    say('2');
    await until(() => pulling.texts.includes('2'));
    const { url } = scene;
    await scene.restart('SIGKILL');
    pulling.base = pulling.base.replace(url, scene.url);
    pulling.work = async () => {};
    work.resolve();
    say('3');
    await until(() => pulling.texts.includes('3'));
    expect(pulling.texts.slice(0, 2)).toEqual(['1', '2']);
    expect(pulling.texts.slice(2)).toContain('2');
  });
});

/** WeCom's times have whole seconds. */
async function clockTurns(): Promise<void> {
  const second = Math.floor(Date.now() / 1_000);
  await until(() => Math.floor(Date.now() / 1_000) > second + 1);
}
