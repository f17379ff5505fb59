import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import type { Bot } from '../../src/registry/bots/bot.js';
import type { BotRepository } from '../../src/registry/bots/bot.repository.js';
import { revealedBot, storedBot } from '../support/bots.js';

/** One opened store; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedBots {
  readonly repository: BotRepository;
  reopen(): Promise<OpenedBots>;
  /** Throws its data away. */
  close(): Promise<void>;
}

export function botRepositoryContract(open: () => Promise<OpenedBots>): void {
  let opened: OpenedBots;
  let bots: BotRepository;

  beforeEach(async () => {
    opened = await open();
    bots = opened.repository;
  });

  afterEach(() => opened.close());

  const one = storedBot();
  const two = storedBot({
    id: 'bot-2',
    openKfIds: ['wkAccount-2', 'wkAccount-3'],
    kind: 'puppet',
    api: 'direct',
    callback: null,
    keys: [
      { hash: 'new', untilMs: null },
      { hash: 'old', untilMs: Date.UTC(2026, 5, 7) },
    ],
    takes: 'message',
    order: 'customer',
    includesServicer: true,
    takesMessagesSinceMs: Date.UTC(2026, 5, 6),
  });

  async function expectStored(...expected: Bot[]): Promise<void> {
    const sorted = (all: readonly Bot[]) =>
      [...all].sort((a, b) => a.id.localeCompare(b.id)).map(revealedBot);
    expect(sorted(await bots.load())).toEqual(sorted(expected));
  }

  it('has nothing to begin with', () => expectStored());

  it('gives what was added, also after a restart', async () => {
    expect([await bots.add(one), await bots.add(two)]).toEqual(['written', 'written']);
    await expectStored(one, two);
    opened = await opened.reopen();
    bots = opened.repository;
    await expectStored(one, two);
  });

  it('adds a bot once, however often it is told', async () => {
    expect([await bots.add(one), await bots.add(one)]).toEqual(['written', 'written']);
    await expectStored(one);
  });

  it('gives an account to one bot of its corp', async () => {
    await bots.add(two);
    const again = storedBot({ id: 'bot-3', openKfIds: ['wkAccount-9', 'wkAccount-3'] });
    expect(await bots.add(again)).toBe('taken');
    await expectStored(two);
    const ofOther = storedBot({ id: 'bot-4', corpId: 'ww2', openKfIds: ['wkAccount-3'] });
    expect(await bots.add(ofOther)).toBe('written');
  });

  it('gives all others of a corp to one bot, beside those that list accounts', async () => {
    const others = storedBot({ id: 'bot-5', openKfIds: ['*'] });
    expect([await bots.add(one), await bots.add(others)]).toEqual(['written', 'written']);
    expect(await bots.add(storedBot({ id: 'bot-6', openKfIds: ['*'] }))).toBe('taken');
    expect(await bots.add(storedBot({ id: 'bot-7', openKfIds: ['*'], corpId: 'ww2' }))).toBe('written');
  });

  it('gives it to one where many ask at the same time', async () => {
    const added = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        bots.add(storedBot({ id: `bot-${n}`, openKfIds: [`wk-${n}`, 'wk'] })),
      ),
    );
    expect(added.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect(await bots.load()).toHaveLength(1);
  });

  it('replaces a bot that is as it was read', async () => {
    await bots.add(one);
    const secrets = new Secret('{"others":1}');
    const changed: Bot = {
      ...one,
      ...{ name: 'another', openKfIds: ['wkAccount-7'], secrets, revision: 'revision-2' },
      ...{ takes: 'message', takesMessagesSinceMs: 1 },
    };
    expect(await bots.replace(changed, one.revision)).toBe('written');
    await expectStored(changed);
    expect(await bots.replace(changed, one.revision)).toBe('written');
    expect(await bots.add(storedBot({ id: 'bot-8' }))).toBe('written');
  });

  it('leaves a bot that somebody else has changed or removed', async () => {
    await bots.add(one);
    expect(await bots.replace({ ...one, revision: 'revision-2' }, 'revision-0')).toBe('changed');
    expect(await bots.replace({ ...two, revision: 'revision-2' }, two.revision)).toBe('changed');
    await expectStored(one);
  });

  it('leaves a bot that would take an account from another', async () => {
    await bots.add(one);
    await bots.add(two);
    const greedy = { ...one, openKfIds: ['wkAccount-1', 'wkAccount-2'], revision: 'revision-2' };
    expect(await bots.replace(greedy, one.revision)).toBe('taken');
    await expectStored(one, two);
  });

  it('removes a bot once, and frees its accounts', async () => {
    await bots.add(one);
    expect([await bots.remove(one.id), await bots.remove(one.id)]).toEqual([true, false]);
    await expectStored();
    expect(await bots.add(storedBot({ id: 'bot-9' }))).toBe('written');
  });

  it('tells of changes only when there were any', async () => {
    await bots.load();
    expect(await bots.changes()).toBeNull();
  });
}
