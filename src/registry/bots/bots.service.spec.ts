import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newBot, revealedBot, storedBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { Secret } from '../../kernel/secret.js';
import { BOTS, replacing } from './stored-bot.js';

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

it('a bot is replaced while it is as it was read, and once more where that was said already', () => {
  const bot = storedBot();
  const changed = { ...bot, name: 'renamed', revision: 'revision-2' };
  const replace = replacing(changed, bot.revision);
  expect([replace(bot), replace(changed)]).toEqual([changed, changed]);
  expect([replace({ ...bot, revision: 'revision-9' }), replace(null)]).toEqual([null, null]);
});
