import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  bodyOf,
  newBot,
  revealedBot,
  secretsText,
  SIGNING_SECRET,
  storedBot,
} from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { Secret } from '../../kernel/secret.js';
import { type Bot, SIGNING_SECRET_FORMAT } from './bot.js';
import { BOTS, replacing, type StoredBot } from './stored-bot.js';

const ASKING = { from: '10.0.0.9', requestId: 'request-1' };
/** As it is read where `SECRETS_KEY` lacks its key. */
const closed = storedBot({ secrets: new Secret('') });

let records: MemoryRecords;
let registry: TestRegistry;

beforeEach(async () => {
  const clock = new ManualClock();
  records = new MemoryRecords();
  await records.of(BOTS).add(closed);
  registry = openRegistry(clock, { records });
  registry.start();
  await clock.advance(0);
});

afterEach(() => registry.close());

it('a bot whose secrets cannot be opened is not changed, and gets no other key', async () => {
  const { botsService } = registry;
  const code = 'BOT_CLOSED';
  await expect(
    botsService.change(closed.id, () => newBot({ name: 'renamed' }), ASKING),
  ).rejects.toMatchObject({
    code,
  });
  await expect(botsService.renewKey(closed.id, 0, ASKING)).rejects.toMatchObject({ code });
  expect((await records.of(BOTS).load()).map(revealedBot)).toEqual([revealedBot(closed)]);
});

it('a bot whose secrets cannot be opened can be removed', async () => {
  await registry.botsService.remove(closed.id, ASKING);
  expect(await records.of(BOTS).load()).toEqual([]);
});

describe('a signing secret', () => {
  const signingOf = ({ secrets }: Bot) => secrets?.signingSecret.reveal();
  const changed = async (bot: StoredBot, takes: 'event' | 'message') => {
    await records.of(BOTS).add(bot);
    await registry.bots.load();
    return signingOf(
      await registry.botsService.change(bot.id, (before) => bodyOf(before, { takes, since: null }), ASKING),
    );
  };

  it('is made for each new bot, and is its own', async () => {
    const add = (openKfIds: string[]) => registry.botsService.add(newBot({ openKfIds }), ASKING);
    const made = [await add(['wkOne']), await add(['wkTwo'])].map(({ bot }) => signingOf(bot) ?? '');
    expect(made[0]).toMatch(SIGNING_SECRET_FORMAT.pattern);
    expect(Buffer.from(made[0]?.slice('whsec_'.length) ?? '', 'base64')).toHaveLength(32);
    expect(new Set(made).size).toBe(2);
  });

  it('stays, and a bot without one gets it with its first messages', async () => {
    const of = (id: string, fields: object) =>
      storedBot({ id, openKfIds: [id], secrets: secretsText(fields) });
    expect(await changed(of('with', {}), 'message')).toBe(SIGNING_SECRET);
    expect(await changed(of('without', { signingSecret: '' }), 'event')).toBe('');
    expect(await changed(of('later', { signingSecret: '' }), 'message')).toMatch(
      SIGNING_SECRET_FORMAT.pattern,
    );
  });
});

it('what a later version stored of a bot stays there when the bot is changed', async () => {
  const later = storedBot({ id: 'later', openKfIds: ['wkLater'], ...{ greeting: 'Hello' } });
  await records.of(BOTS).add(later);
  await registry.bots.load();
  await registry.botsService.change('later', (bot) => bodyOf(bot, { name: 'renamed' }), ASKING);
  expect(await records.of(BOTS).find('later')).toMatchObject({ greeting: 'Hello', name: 'renamed' });
});

it('a bot is replaced while it is as it was read, and once more where that was said already', () => {
  const bot = storedBot();
  const changed = { ...bot, name: 'renamed', revision: 'revision-2' };
  const replace = replacing('revision-1', 'revision-2', (stored) => ({ ...stored, name: 'renamed' }));
  expect([replace(bot), replace(changed)]).toEqual([changed, changed]);
  expect([replace({ ...bot, revision: 'revision-9' }), replace(null)]).toEqual([null, null]);
});
