import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryRecords } from '../../test/support/memory-records.js';
import { REPLICA } from '../kernel/replica.js';
import { type BotConnection, ConnectedBots } from '../registry/bots/connected-bots.js';
import { ReplicaSync } from './replica-sync.js';
import { CONNECTIONS, REPLICAS, StreamDirectory } from './stream-directory.js';

let clock: ManualClock;
let records: MemoryRecords;
let directory: StreamDirectory;
let connected: ConnectedBots;
let sync: ReplicaSync;

beforeEach(() => {
  clock = new ManualClock();
  records = new MemoryRecords();
  directory = new StreamDirectory(records);
  [connected, sync] = open(directory);
});

function open(where: StreamDirectory): [ConnectedBots, ReplicaSync] {
  const bots = new ConnectedBots();
  const replicaSync = new ReplicaSync(where, bots, clock, clock, pino({ level: 'silent' }));
  bots.watch(replicaSync);
  return [bots, replicaSync];
}

function connection(id: string, replicaId = REPLICA): BotConnection {
  return {
    ...{ id, replicaId, botId: 'bot-1', clientId: `client of ${id}`, openKfIds: null },
    ...{ placedAtMs: 1, connectedAtMs: 1, address: '127.0.0.1', agent: '' },
  };
}

const storedHere = () => records.of(CONNECTIONS).findBy(REPLICA);

async function hasOther(...connections: string[]): Promise<void> {
  await directory.hold('there', clock.nowMs() + 10_000);
  await change(connections, []);
}

async function change(added: readonly string[], removed: readonly string[]): Promise<void> {
  await directory.change(
    'there',
    added.map((id) => connection(id, 'there')),
    removed,
  );
}

it('writes what comes and goes here, and nothing of others', async () => {
  sync.start();
  await clock.advance(10);
  connected.add(connection('own'));
  connected.add(connection('of another', 'there'));
  await clock.advance(10);
  expect(await storedHere()).toEqual([connection('own')]);
  connected.remove('own');
  await clock.advance(10);
  expect(await storedHere()).toEqual([]);
});

it('knows the connections of another replica until its lease is over', async () => {
  sync.start();
  await hasOther('c1');
  await clock.advance(1_000);
  expect([connected.activeOf('bot-1', 'wkA')?.id, sync.hasOthers]).toEqual(['c1', true]);
  await clock.advance(10_000);
  expect([connected.size, sync.hasOthers]).toEqual([0, false]);
});

it('learns within a quarter of a second what has changed, while any client is connected', async () => {
  sync.start();
  await hasOther('c1');
  await clock.advance(1_000);
  await change(['c2'], ['c1']);
  await clock.advance(250);
  expect(connected.list().map(({ id }) => id)).toEqual(['c2']);
  await change([], ['c2']);
  await clock.advance(250);
  expect([connected.size, sync.hasOthers]).toEqual([0, true]);
});

it('asks once a second while no client is connected', async () => {
  const read = directory.read.bind(directory);
  let reads = 0;
  directory.read = (...args) => {
    reads++;
    return read(...args);
  };
  sync.start();
  await clock.advance(10_000);
  expect(reads).toBe(11);
  connected.add(connection('own'));
  await clock.advance(10_000);
  expect(reads).toBeGreaterThan(45);
});

it('writes everything once more when its lease was taken away meanwhile', async () => {
  sync.start();
  connected.add(connection('own'));
  await clock.advance(100);
  records.data.of(REPLICAS).records.clear();
  records.data.of(CONNECTIONS).records.clear();
  await clock.advance(4_000);
  expect(await storedHere()).toEqual([connection('own')]);
});

it('writes later what could not be written', async () => {
  sync.start();
  await clock.advance(10);
  const change = directory.change.bind(directory);
  directory.change = () => Promise.reject(new Error('away'));
  connected.add(connection('own'));
  await clock.advance(100);
  directory.change = change;
  await clock.advance(1_000);
  expect(await storedHere()).toEqual([connection('own')]);
});

it('takes back what comes into the store after its connection has left', async () => {
  sync.start();
  await clock.advance(10);
  const change = directory.change.bind(directory);
  const late: (() => Promise<unknown>)[] = [];
  directory.change = (...args) => {
    late.push(() => change(...args));
    return Promise.reject(new Error('no answer in time'));
  };
  connected.add(connection('own'));
  await clock.advance(10);
  directory.change = change;
  connected.remove('own');
  connected.add(connection('next'));
  await clock.advance(1_000);
  for (const write of late) await write();
  expect((await storedHere()).map(({ id }) => id)).toContain('own');
  await clock.advance(4_000);
  expect(await storedHere()).toEqual([connection('next')]);
});

it('keeps nothing where there is one process', async () => {
  const alone = new MemoryRecords(undefined, false);
  const [bots, one] = open(new StreamDirectory(alone));
  let calls = 0;
  alone.meanwhile = async () => void calls++;
  one.start();
  for (let n = 0; n < 3; n++) {
    bots.add(connection(`c${n}`));
    bots.remove(`c${n}`);
  }
  await clock.advance(5_000);
  expect([calls, one.hasOthers, clock.pendingTimers]).toEqual([0, false, 0]);
});
