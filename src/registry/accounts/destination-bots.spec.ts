import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bodyOf, storedBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../../test/support/memory-puppet.repository.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { registration } from '../../../test/support/puppets.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import type { Records } from '../../storage/records/records.js';
import { BOTS, type StoredBot } from '../bots/stored-bot.js';

const { openKfId, corpId } = registration();
const account = { corpId, openKfId };
const STAFFED = { kind: 'none', callback: null } as const;
const OF_PUPPETS = { kind: 'puppet', callback: null } as const;

let clock: ManualClock;
let table: PuppetTable;
let stored: Records<StoredBot>;
let registry: TestRegistry;

beforeEach(async () => {
  clock = new ManualClock();
  table = new Map();
  const records = new MemoryRecords();
  stored = records.of(BOTS);
  registry = openRegistry(clock, { repository: new MemoryPuppetRepository(table), records });
  registry.start();
  await clock.advance(0);
});

afterEach(() => registry.close());

const find = () => registry.destinations.find(account);

async function add(fields: Partial<StoredBot>): Promise<StoredBot> {
  const bot = storedBot(fields);
  await stored.add(bot);
  await registry.bots.read();
  return bot;
}

async function registeredElsewhere(): Promise<void> {
  const repository = new MemoryPuppetRepository(table);
  const puppet = await repository.save(registration(), clock.nowMs(), () => true);
  if (puppet !== null) await repository.markAnswered(puppet);
}

describe('an account that a bot of all others has', () => {
  it.each([['unserved', STAFFED] as const, ['ready', {}] as const])(
    'is %s and unknown, and a puppet’s when the store knows of one',
    async (state, fields) => {
      await add({ openKfIds: ['*'], ...fields });
      await registeredElsewhere();
      expect(find()).toMatchObject({ state, isUnknown: true });
      expect(await registry.destinations.lookUp(account)).toMatchObject({ state: 'ready', bot: null });
    },
  );

  it('is read again before an event of it is dropped, however lately it was looked up', async () => {
    await add({ openKfIds: ['*'], ...STAFFED });
    await registry.destinations.lookUp(account);
    await registeredElsewhere();
    expect((await registry.destinations.confirm(account)).state).toBe('ready');
  });
});

it('a bot that another replica removed is none any more before an event is dropped', async () => {
  const { id } = await add({ openKfIds: [openKfId], ...STAFFED });
  await stored.remove(id);
  expect(find().state).toBe('unserved');
  expect((await registry.destinations.confirm(account)).state).toBe('absent');
});

it('a bot that another replica added is known once the account is looked up', async () => {
  await stored.add(storedBot({ openKfIds: [openKfId] }));
  expect((await registry.destinations.lookUp(account)).state).toBe('ready');
});

describe('a registration with the key of a bot', () => {
  const registerAs = async (botId: string): Promise<void> =>
    (await registry.registrations.register(registration({ botId }))).answered();

  it('counts while the bot has the account, and no longer', async () => {
    const bot = await add({ openKfIds: [openKfId], ...OF_PUPPETS });
    await registerAs(bot.id);
    expect(find().state).toBe('ready');
    await registry.botsService.change(
      bot.id,
      (before) => bodyOf(before, { openKfIds: ['wkOther'] }),
      {} as never,
    );
    expect(find().state).toBe('absent');
    await registry.botsService.remove(bot.id, {} as never);
    expect(find().state).toBe('absent');
  });

  it('leaves the account to the bot of all others once it lost it', async () => {
    const bot = await add({ openKfIds: [openKfId], ...OF_PUPPETS });
    await registerAs(bot.id);
    await add({ id: 'bot-2', openKfIds: ['*'], keys: [] });
    expect(find()).toMatchObject({ state: 'ready', bot: null });
    await registry.botsService.remove(bot.id, {} as never);
    expect(find().bot?.id).toBe('bot-2');
  });

  it('of all others takes no account that a puppet registered without it', async () => {
    const bot = await add({ openKfIds: ['*'], ...OF_PUPPETS });
    await registerAs('');
    await expect(registerAs(bot.id)).rejects.toMatchObject({ code: 'BOT_FORBIDDEN' });
  });

  it('is not refused because a bot of another corp lists the same account', async () => {
    const bot = await add({ openKfIds: [openKfId], ...OF_PUPPETS });
    await add({ id: 'bot-2', corpId: 'wwAnother', openKfIds: [openKfId], keys: [], ...OF_PUPPETS });
    await registerAs(bot.id);
    expect(find().state).toBe('ready');
  });
});

describe('a paused bot', () => {
  const TAKING_MESSAGES = { takes: 'message', takesMessagesSinceMs: 0 } as const;

  it.each([
    ['callback', {}],
    ['stream', { kind: 'stream' }],
    ['puppet', OF_PUPPETS],
  ] as const)('of kind %s has its events wait, and knows where they go then', async (_kind, fields) => {
    const bot = await add({ openKfIds: [openKfId], paused: true, ...fields });
    if ('callback' in fields)
      (await registry.registrations.register(registration({ botId: bot.id }))).answered();
    expect(find()).toMatchObject({ state: 'paused', isPaused: true, hasRecipient: true });
    expect(find().endpoint).not.toBeNull();
  });

  it.each([
    ['callback', {}],
    ['puppet', OF_PUPPETS],
  ] as const)('of kind %s that takes messages is pulled for, and given none', async (_kind, fields) => {
    await add({ openKfIds: [openKfId], paused: true, ...TAKING_MESSAGES, ...fields });
    expect(find()).toMatchObject({ state: 'ready', isPulled: true, isPaused: true });
    expect(registry.destinations.findForMessages(account)?.state).toBe('paused');
  });
});

describe('a puppet that takes messages and has deregistered', () => {
  it('gets none while it may be on its way out, and is tried then: a goodbye may come late', async () => {
    const bot = await add({ openKfIds: [openKfId], ...OF_PUPPETS, takes: 'message' });
    (await registry.registrations.register(registration({ botId: bot.id }))).answered();
    const recipientState = () => registry.destinations.findForMessages(account)?.state;
    expect(recipientState()).toBe('ready');
    await registry.presence.deregister({ openKfId, corpId });
    expect(recipientState()).toBe('offline');
    await clock.advance(4_999);
    expect(recipientState()).toBe('offline');
    await clock.advance(1);
    expect(recipientState()).toBe('ready');
  });
});
