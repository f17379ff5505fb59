import { beforeEach, expect, it } from '@jest/globals';
import { storedBot } from '../../../test/support/bots.js';
import { BotTable, MemoryBotRepository } from '../../../test/support/memory-bot.repository.js';
import { loadConfig } from '../../config/config.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { AccountHistories } from '../account-history.js';
import { KnownBots } from './known-bots.js';

const one = storedBot();
const two = storedBot({ id: 'bot-2', openKfIds: ['*'] });

let elsewhere: MemoryBotRepository;
let known: KnownBots;
let forgotten: string[];

beforeEach(async () => {
  const table = new BotTable();
  elsewhere = new MemoryBotRepository(table);
  const histories = new AccountHistories();
  forgotten = [];
  histories.add({ forget: (openKfId) => void forgotten.push(openKfId) });
  known = new KnownBots(new EndpointPolicy(loadConfig({})), new MemoryBotRepository(table), histories);
  await elsewhere.add(one);
  await elsewhere.add(two);
  await known.load();
});

it('a bot that was deleted between two loads is not known any more', async () => {
  await elsewhere.remove(one.id);
  await known.load();
  expect(known.list().map(({ id }) => id)).toEqual([two.id]);
  expect(known.findListed(one.corpId, 'wkAccount-1')).toBeNull();
});

it('a read brings in what another process has changed and deleted', async () => {
  await elsewhere.replace({ ...two, name: 'renamed', revision: 'revision-2' }, two.revision);
  await elsewhere.remove(one.id);
  await known.read();
  expect(known.list().map(({ name }) => name)).toEqual(['renamed']);
});

it('nothing is remembered of an account once no bot lists it any more, here or elsewhere', async () => {
  known.written({ ...one, openKfIds: ['wkKept'], revision: 'revision-2' });
  expect(forgotten).toEqual([...one.openKfIds]);
  known.removed(one.id);
  expect(forgotten).toEqual([...one.openKfIds, 'wkKept']);
  await elsewhere.remove(two.id);
  await known.read();
  expect(forgotten).toHaveLength(one.openKfIds.length + 1);
});

it('what is remembered of an account stays while another bot lists it, and over other changes', () => {
  known.written({ ...two, openKfIds: [...one.openKfIds], revision: 'revision-2' });
  known.written({ ...one, name: 'renamed', revision: 'revision-2' });
  known.removed(one.id);
  expect(forgotten).toEqual([]);
});
