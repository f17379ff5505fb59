import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { storedBot } from '../../../test/support/bots.js';
import { BotTable, MemoryBotRepository } from '../../../test/support/memory-bot.repository.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { Bot } from '../../registry/bots/bot.js';
import type { BotRepository } from '../../registry/bots/bot.repository.js';
import { SealedBotRepository } from './sealed-bot.repository.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const bot = storedBot();

let table: BotTable;

beforeEach(() => {
  table = new BotTable();
});

/** As after a start with these keys. */
function open(...keys: string[]): BotRepository {
  const sealer = new Sealer(keys.map((key) => new Secret(key)));
  return new SealedBotRepository(new MemoryBotRepository(table), sealer, pino({ level: 'silent' }));
}

/** A replica without the key by which another one has sealed the bot. */
async function withClosedBot(): Promise<{ behind: BotRepository; closed: Bot }> {
  const behind = open(OLD);
  await behind.load();
  await open(NEW, OLD).add(bot);
  const [closed] = (await behind.changes()) ?? [];
  if (closed === undefined) throw new Error('the bot is not read');
  return { behind, closed };
}

const secretsOf = async (repository: BotRepository) =>
  (await repository.load()).map(({ secrets }) => secrets.reveal());

it('stores the secrets of a bot sealed, and gives them opened', async () => {
  await open(NEW).add(bot);
  expect(isSealed(table.get(bot.id)?.secrets.reveal() ?? '')).toBe(true);
  expect(await secretsOf(open(NEW))).toEqual([bot.secrets.reveal()]);
});

it('gives a bot whose key is missing here without secrets, and lets it be removed', async () => {
  const { behind, closed } = await withClosedBot();
  expect(closed.secrets.reveal()).toBe('');
  expect(await behind.remove(bot.id)).toBe(true);
});

it('writes no bot without its secrets over those that are sealed', async () => {
  const { behind, closed } = await withClosedBot();
  const renamed = { ...closed, name: 'renamed', revision: 'revision-2' };
  await expect(behind.replace(renamed, closed.revision)).rejects.toThrow('cannot be opened here');
  await expect(behind.add(closed)).rejects.toThrow('cannot be opened here');
  expect(await secretsOf(open(NEW, OLD))).toEqual([bot.secrets.reveal()]);
});
