import { beforeEach, expect, it } from '@jest/globals';
import { BOT_KEY, storedBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryPuppetRepository } from '../../../test/support/memory-puppet.repository.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { openRegistryImage } from '../../../test/support/registry.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { Records } from '../../storage/records/records.js';
import { hashOfKey } from './bot.js';
import { BOTS, type StoredBot } from './stored-bot.js';
import { KeyOwners } from './key-owners.js';

const bot = storedBot();

let data: RecordData;
/** Another replica's. */
let elsewhere: Records<StoredBot>;
let clock: ManualClock;
/** How often the store was asked. */
let reads: number;

beforeEach(() => {
  data = new RecordData();
  elsewhere = new MemoryRecords(data).of(BOTS);
  clock = new ManualClock();
  reads = 0;
});

async function ownersOf({ isLoaded = true, isShared = true } = {}): Promise<KeyOwners> {
  const repository = new MemoryPuppetRepository();
  Object.defineProperty(repository, 'isShared', { value: isShared });
  const records = new MemoryRecords(data);
  records.meanwhile = async (_what, kind) => kind === BOTS.name && reads++;
  const registry = openRegistryImage(clock, { repository, records });
  if (isLoaded) void registry.sync.start();
  if (isLoaded) await registry.sync.whenLoaded();
  reads = 0;
  return new KeyOwners(registry.bots, registry.image, repository, clock as unknown as StoreClock, clock);
}

it('a key that another replica made a moment ago is found', async () => {
  const owners = await ownersOf();
  await elsewhere.add(bot);
  expect(owners.find(BOT_KEY)).toBeNull();
  expect(await owners.lookUp(BOT_KEY)).toMatchObject({ id: bot.id });
  expect(owners.find(BOT_KEY)).toMatchObject({ id: bot.id });
});

it('one that was renewed there is found, and the old one is not any more', async () => {
  await elsewhere.add(bot);
  const owners = await ownersOf();
  const keys = [{ hash: hashOfKey('wxkf_renewed'), untilMs: null }];
  await elsewhere.change(bot.id, () => ({ ...bot, keys, revision: 'revision-2' }));
  expect(await owners.lookUp('wxkf_renewed')).toMatchObject({ id: bot.id });
  expect(owners.find(BOT_KEY)).toBeNull();
});

it('what is no key of a bot is not asked about, nor any where there is no other replica', async () => {
  expect(await (await ownersOf()).lookUp('a-secret-of-puppets')).toBeNull();
  expect(await (await ownersOf({ isShared: false })).lookUp(BOT_KEY)).toBeNull();
  expect(reads).toBe(0);
});

it('nobody is told that a key is wrong before any were read', async () => {
  const owners = await ownersOf({ isLoaded: false });
  await expect(owners.lookUp(BOT_KEY)).rejects.toMatchObject({ code: 'REGISTRY_NOT_LOADED' });
});

it('many wrong keys ask the store ten times a second', async () => {
  const owners = await ownersOf();
  const found: Promise<unknown>[] = [];
  for (let atMs = 0; atMs < 1_000; atMs += 10) {
    for (let number = 0; number < 5; number++) found.push(owners.lookUp(`wxkf_wrong-${atMs}-${number}`));
    await clock.advance(10);
  }
  await clock.advance(100);
  expect(await Promise.all(found)).toEqual(Array(500).fill(null));
  expect(reads).toBeGreaterThanOrEqual(9);
  expect(reads).toBeLessThanOrEqual(12);
});
