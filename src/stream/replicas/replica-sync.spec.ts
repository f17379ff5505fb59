import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { type BotConnection, ConnectedBots } from '../../registry/bots/connected-bots.js';
import { Secret } from '../../kernel/secret.js';
import type { OwnReplica } from './own-replica.js';
import { ReplicaClient } from './replica-client.js';
import { ReplicaSync } from './replica-sync.js';
import { CONNECTIONS, REPLICAS, StreamDirectory } from './stream-directory.js';

const HERE = { id: 'here', url: 'http://here', key: new Secret('key-here') } as unknown as OwnReplica;

let clock: ManualClock;
let records: MemoryRecords;
let directory: StreamDirectory;
let connected: ConnectedBots;
let sync: ReplicaSync;
/** What it told others. */
let notices: unknown[];

beforeEach(() => {
  clock = new ManualClock();
  notices = [];
  records = new MemoryRecords();
  directory = new StreamDirectory(records);
  [connected, sync] = open(directory);
});

function open(where: StreamDirectory): [ConnectedBots, ReplicaSync] {
  const bots = new ConnectedBots();
  const call = async (_to: unknown, _path: unknown, notice: unknown) => notices.push(notice);
  const calls = { call } as Pick<ReplicaClient, 'call'> as ReplicaClient;
  const log = pino({ level: 'silent' });
  return [bots, new ReplicaSync(where, calls, bots, HERE, clock, clock, log)];
}

function connection(id: string, replicaId: string): BotConnection {
  return {
    ...{ id, replicaId, botId: 'bot-1', clientId: `client of ${id}`, openKfIds: null },
    ...{ placedAtMs: 1, connectedAtMs: 1, address: '127.0.0.1', agent: '' },
  };
}

const storedHere = () => records.of(CONNECTIONS).findBy('here');

async function hasOther(...connections: string[]): Promise<void> {
  await directory.hold({ id: 'there', url: 'http://there', key: new Secret('key') }, clock.nowMs() + 10_000);
  await directory.change(
    'there',
    connections.map((id) => connection(id, 'there')),
    [],
  );
}

it('writes what comes and goes here, and nothing of others', async () => {
  sync.start();
  await clock.advance(10);
  connected.add(connection('own', 'here'));
  connected.add(connection('of another', 'there'));
  await clock.advance(10);
  expect(await storedHere()).toEqual([connection('own', 'here')]);
  connected.remove('own');
  await clock.advance(10);
  expect(await storedHere()).toEqual([]);
});

it('knows the connections of another replica until its lease is over', async () => {
  sync.start();
  await hasOther('c1');
  await clock.advance(1_000);
  expect([connected.activeOf('bot-1', 'wkA')?.id, sync.find('there')?.url, sync.hasOthers]).toEqual([
    'c1',
    'http://there',
    true,
  ]);
  await clock.advance(10_000);
  expect([connected.size, sync.hasOthers]).toEqual([0, false]);
});

it('learns what another replica has changed by its notice, and asks the store where one is missing', async () => {
  sync.start();
  await hasOther('c1');
  await clock.advance(1_000);
  const read = directory.read.bind(directory);
  let reads = 0;
  directory.read = (...args) => {
    reads++;
    return read(...args);
  };
  const told = async (added: readonly string[], removed: readonly string[]) => {
    const change = added.map((id) => connection(id, 'there'));
    const revision = await directory.change('there', change, removed);
    return { replicaId: 'there', revision: revision ?? -1, added: change, removed };
  };
  await sync.noticed(await told(['c2'], []));
  await sync.noticed(await told([], ['c1']));
  expect([connected.list().map(({ id }) => id), reads]).toEqual([['c2'], 0]);
  await told(['c3'], []);
  await sync.noticed(await told(['c4'], []));
  expect([connected.list().map(({ id }) => id), reads]).toEqual([['c2', 'c3', 'c4'], 1]);
  await sync.noticed(await told(['c5'], []));
  await sync.noticed({});
  expect([connected.size, reads]).toEqual([4, 2]);
});

it('tells other replicas what has changed here, and of much only that it has', async () => {
  sync.start();
  await hasOther();
  await clock.advance(1_000);
  connected.add(connection('c1', 'here'));
  await clock.advance(10);
  connected.remove('c1');
  for (let n = 0; n < 200; n++) connected.add(connection(`many ${n}`, 'here'));
  await clock.advance(10);
  expect(notices).toEqual([
    { replicaId: 'here', revision: 1, added: [connection('c1', 'here')], removed: [] },
    {},
  ]);
});

it('takes a replica that cannot be reached for dead, for some seconds', async () => {
  sync.start();
  await hasOther('c1');
  await clock.advance(1_000);
  sync.doubt('there');
  expect(connected.size).toBe(0);
  await clock.advance(4_000);
  expect(connected.size).toBe(0);
  await clock.advance(2_000);
  expect(connected.size).toBe(1);
});

it('writes everything once more when its lease was taken away meanwhile', async () => {
  sync.start();
  connected.add(connection('own', 'here'));
  await clock.advance(100);
  records.data.of(REPLICAS).records.clear();
  records.data.of(CONNECTIONS).records.clear();
  await clock.advance(4_000);
  expect(await storedHere()).toEqual([connection('own', 'here')]);
});

it('writes later what could not be written', async () => {
  sync.start();
  await clock.advance(10);
  const change = directory.change.bind(directory);
  directory.change = () => Promise.reject(new Error('away'));
  connected.add(connection('own', 'here'));
  await clock.advance(100);
  directory.change = change;
  await clock.advance(1_000);
  expect(await storedHere()).toEqual([connection('own', 'here')]);
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
  connected.add(connection('own', 'here'));
  await clock.advance(10);
  directory.change = change;
  connected.remove('own');
  connected.add(connection('next', 'here'));
  await clock.advance(1_000);
  for (const write of late) await write();
  expect((await storedHere()).map(({ id }) => id)).toContain('own');
  await clock.advance(2_000);
  expect(await storedHere()).toEqual([connection('next', 'here')]);
});

it('keeps nothing where there is one process', async () => {
  const alone = new MemoryRecords(undefined, false);
  const [bots, one] = open(new StreamDirectory(alone));
  let calls = 0;
  alone.meanwhile = async () => void calls++;
  one.start();
  for (let n = 0; n < 3; n++) {
    bots.add(connection(`c${n}`, 'here'));
    bots.remove(`c${n}`);
  }
  await clock.advance(5_000);
  expect([calls, one.hasOthers, clock.pendingTimers]).toEqual([0, false, 0]);
});
