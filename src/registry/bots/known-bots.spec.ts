import { beforeEach, expect, it } from '@jest/globals';
import { storedBot } from '../../../test/support/bots.js';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { loadConfig } from '../../config/config.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { AccountHistories } from '../puppets/account-history.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';
import type { Records } from '../../storage/records/records.js';
import { BOTS, readBot, type StoredBot } from './stored-bot.js';
import { KnownBots } from './known-bots.js';

const one = storedBot();
const two = storedBot({ id: 'bot-2', openKfIds: ['*'] });

let elsewhere: Records<StoredBot>;
let known: KnownBots;
let image: RegistryImage;
let forgotten: string[];
/** Accounts of their corp. */
let remembered: string[];

beforeEach(async () => {
  const data = new RecordData();
  elsewhere = new MemoryRecords(data).of(BOTS);
  const histories = new AccountHistories();
  forgotten = [];
  remembered = [];
  histories.add({
    forget: (openKfId) => void forgotten.push(openKfId),
    accountsOf: (corpId) => (corpId === one.corpId ? remembered : []),
  });
  const policy = new EndpointPolicy(loadConfig({}));
  image = new RegistryImage(policy, new KnownCorps());
  known = new KnownBots(policy, new MemoryRecords(data), image, histories);
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
  await elsewhere.change(two.id, () => ({ ...two, name: 'renamed', revision: 'revision-2' }));
  await elsewhere.remove(one.id);
  await known.read();
  expect(known.list().map(({ name }) => name)).toEqual(['renamed']);
});

it('nothing is remembered of an account once nobody has it any more', () => {
  known.removed(two.id);
  known.written(readBot({ ...one, openKfIds: ['wkKept'], revision: 'revision-2' }));
  expect(forgotten).toEqual([...one.openKfIds]);
  known.removed(one.id);
  expect(forgotten).toEqual([...one.openKfIds, 'wkKept']);
});

it('nothing is remembered of accounts that only the bot of all others had, also if it was removed elsewhere', async () => {
  remembered = [...one.openKfIds, 'wkOfPuppet', 'wkOther'];
  image.put(registeredPuppet({ openKfId: 'wkOfPuppet', corpId: one.corpId }));
  await elsewhere.remove(two.id);
  await known.read();
  expect(forgotten).toEqual(['wkOther']);
  known.removed(two.id);
  expect(forgotten).toHaveLength(1);
});

it('nor of those that it had before it lists some', () => {
  remembered = ['wkListed', 'wkOther'];
  known.written(readBot({ ...two, openKfIds: ['wkListed'], revision: 'revision-2' }));
  expect(forgotten).toEqual(['wkOther']);
});

it('a puppet that registered with the key of a bot that is gone has its account no longer', () => {
  image.put(registeredPuppet({ openKfId: 'wkOfPuppet', corpId: one.corpId, botId: two.id }));
  remembered = ['wkOfPuppet'];
  known.written(readBot({ ...two, name: 'renamed', revision: 'revision-2' }));
  expect(forgotten).toEqual([]);
  known.removed(two.id);
  expect(forgotten).toEqual(['wkOfPuppet']);
});

it('what is remembered of an account stays where a puppet or the bot of all others has it next', () => {
  known.removed(one.id);
  expect(forgotten).toEqual([]);
  known.written(readBot({ ...one, openKfIds: ['wkOfPuppet'], revision: 'revision-2' }));
  image.put(registeredPuppet({ openKfId: 'wkOfPuppet', corpId: one.corpId }));
  known.removed(two.id);
  known.removed(one.id);
  expect(forgotten).toEqual([]);
});

it('what is remembered of an account stays where another process gives it to another bot', async () => {
  known.removed(two.id);
  await elsewhere.remove(two.id);
  await elsewhere.remove(one.id);
  await elsewhere.add(storedBot({ id: 'bot-3' }));
  await known.read();
  expect(known.findListed(one.corpId, 'wkAccount-1')?.id).toBe('bot-3');
  expect(forgotten).toEqual([]);
});

it('what is remembered of an account stays while another bot lists it, and over other changes', () => {
  known.written(readBot({ ...two, openKfIds: [...one.openKfIds], revision: 'revision-2' }));
  known.written(readBot({ ...one, name: 'renamed', revision: 'revision-2' }));
  known.removed(one.id);
  expect(forgotten).toEqual([]);
});
