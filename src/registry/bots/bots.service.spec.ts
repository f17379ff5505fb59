import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { revealedBot, storedBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { BotTable, MemoryBotRepository } from '../../../test/support/memory-bot.repository.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import { Secret } from '../../kernel/secret.js';

const ASKING = { from: '10.0.0.9', requestId: 'request-1' };
/** As it is read where `SECRETS_KEY` lacks its key. */
const closed = storedBot({ secrets: new Secret('') });

let table: BotTable;
let registry: TestRegistry;

beforeEach(async () => {
  const clock = new ManualClock();
  table = new BotTable([[closed.id, closed]]);
  registry = openRegistry(clock, { bots: new MemoryBotRepository(table) });
  registry.start();
  await clock.advance(0);
});

afterEach(() => registry.close());

it('a bot whose secrets cannot be opened is not changed, and gets no other key', async () => {
  const { botsService } = registry;
  const code = 'BOT_CLOSED';
  await expect(botsService.change(closed.id, () => ({ name: 'renamed' }), ASKING)).rejects.toMatchObject({
    code,
  });
  await expect(botsService.renewKey(closed.id, 0, ASKING)).rejects.toMatchObject({ code });
  expect([...table.values()].map(revealedBot)).toEqual([revealedBot(closed)]);
});

it('a bot whose secrets cannot be opened can be removed', async () => {
  await registry.botsService.remove(closed.id, ASKING);
  expect(table.size).toBe(0);
});
