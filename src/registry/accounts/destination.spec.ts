import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryPuppetRepository, type PuppetTable } from '../../../test/support/memory-puppet.repository.js';
import { registration } from '../../../test/support/puppets.js';
import { openRegistry, type TestRegistry } from '../../../test/support/registry.js';
import type { Destination } from './destination.js';
import type { Puppet } from '../../storage/puppets/puppet.js';

const { openKfId, corpId } = registration();
const HELD_BACK_MS = 5_000;

let clock: ManualClock;
let table: PuppetTable;
let registry: TestRegistry;

beforeEach(async () => {
  clock = new ManualClock();
  table = new Map();
  registry = openRegistry(clock, { repository: new MemoryPuppetRepository(table) });
  registry.start();
  await clock.advance(0);
});

afterEach(() => registry.close());

/** What another replica on the same database does. */
const elsewhere = () => new MemoryPuppetRepository(table);
async function registeredElsewhere(): Promise<Puppet> {
  const stored = await elsewhere().save(registration(), clock.nowMs(), () => true);
  if (stored === null) throw new Error('it was not stored');
  return stored;
}
const find = (): Destination => registry.destinations.find({ corpId, openKfId });
const register = (fields = {}) => registry.registrations.register(registration(fields));

describe('a destination', () => {
  it('is absent until somebody registers, then ready, with what is to be known to send there', async () => {
    const before = find();
    expect([before.state, before.puppet, before.endpoint, before.keysId]).toEqual([
      'absent',
      null,
      null,
      null,
    ]);
    (await register({ endpoint: 'http://Puppet:8080/bot-7/' })).answered();
    const after = find();
    expect(after).toMatchObject({ state: 'ready', fault: '' });
    expect(after.endpoint?.href).toBe('http://puppet:8080/bot-7');
    const [pair] = registry.corps.find(corpId)?.pairs.values() ?? [];
    expect(pair !== undefined && after.opens(pair)).toBe(true);
    expect(after.keysId).toMatch(/^[\w-]{22}$/);
  });

  it('is a snapshot: a refresh tells how it is now', async () => {
    const before = find();
    (await register()).answered();
    expect([before.state, before.refresh().state]).toEqual(['absent', 'ready']);
  });

  it('shows nothing of an account that another corp has', async () => {
    (await register({ corpId: 'wwOther' })).answered();
    const foreign = find();
    expect([foreign.state, foreign.puppet, foreign.endpoint, foreign.keysId]).toEqual([
      'foreign',
      null,
      null,
      null,
    ]);
  });

  it('is offline after a goodbye, and ready where anybody could have said that', async () => {
    (await register({ from: '10.0.0.1' })).answered();
    await registry.presence.deregister({ openKfId, corpId, from: '10.0.0.9' });
    expect(find().state).toBe('ready');
    await registry.presence.deregister({ openKfId, corpId, from: '10.0.0.1' });
    expect(find().state).toBe('offline');
  });

  it('says why it cannot be sent to', async () => {
    (await register({ endpoint: 'ftp://puppet' })).answered();
    expect(find()).toMatchObject({
      state: 'ready',
      endpoint: null,
      fault: expect.stringMatching(/^the registered endpoint must /),
    });
  });
});

describe('while a registration is under way', () => {
  it('here, it is registering until the tick of the answer, the first one of an account too', async () => {
    const registered = await register();
    expect([find().state, find().puppet]).toEqual(['registering', null]);
    const waiting = registry.destinations.whenRegistered(find(), clock.elapsedMs() + 1_000);
    registered.answered();
    expect((await waiting).state).toBe('ready');
  });

  it('here, whoever waits for it goes on when its time is up', async () => {
    const registered = await register();
    const waiting = registry.destinations.whenRegistered(find(), clock.elapsedMs() + 1_000);
    await clock.advance(1_000);
    expect((await waiting).state).toBe('registering');
    registered.answered();
  });

  it('elsewhere, it is registering until that is noted, looked for often at first', async () => {
    const stored = await registeredElsewhere();
    await registry.reads.reread(openKfId, 1_000);
    expect(find().state).toBe('registering');
    const waiting = registry.destinations.whenRegistered(find(), clock.elapsedMs() + 1_000);
    await elsewhere().markAnswered(stored);
    await clock.advance(10);
    expect((await waiting).state).toBe('ready');
  });

  it('elsewhere, and never noted, it is registering for 5 s and no longer', async () => {
    await registeredElsewhere();
    await registry.reads.reread(openKfId, 1_000);
    await clock.advance(HELD_BACK_MS - 1);
    expect(find().state).toBe('registering');
    await clock.advance(1);
    expect(find().state).toBe('ready');
  });
});
