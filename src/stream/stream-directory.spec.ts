import { beforeEach, expect, it } from '@jest/globals';
import { MemoryRecords, RecordData } from '../../test/support/memory-records.js';
import type { BotConnection } from '../registry/bots/connected-bots.js';
import { StreamDirectory } from './stream-directory.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const LEASE_MS = 10_000;
const NOTHING: ReadonlyMap<string, number> = new Map();

function connection(id: string, fields: Partial<BotConnection> = {}): BotConnection {
  return {
    ...{ id, replicaId: 'one', botId: 'bot-1', clientId: 'laptop-1', openKfIds: ['wkA'] },
    ...{ placedAtMs: 1, connectedAtMs: 2, address: '203.0.113.7', agent: 'node' },
    ...fields,
  };
}

let data: RecordData;
let directory: StreamDirectory;

beforeEach(() => {
  data = new RecordData();
  directory = new StreamDirectory(new MemoryRecords(data));
});

const hold = (id = 'one', untilMs = NOW_MS + LEASE_MS) => directory.hold(id, untilMs);
const read = (known = NOTHING, nowMs = NOW_MS) => directory.read(known, nowMs);

it('knows a replica for as long as it holds its lease', async () => {
  expect([await hold(), await hold()]).toEqual([false, true]);
  expect((await read()).map(({ id }) => id)).toEqual(['one']);
  expect(await read(NOTHING, NOW_MS + LEASE_MS)).toEqual([]);
  await hold('one', NOW_MS + 2 * LEASE_MS);
  expect(await read(NOTHING, NOW_MS + LEASE_MS)).toHaveLength(1);
});

it('has the connections of each, as they were written', async () => {
  await hold();
  await hold('two');
  const other = connection('c2', { replicaId: 'two', openKfIds: null });
  await directory.change('one', [connection('c1')], []);
  await directory.change('two', [other], []);
  const seen = await read();
  const byReplica = Object.fromEntries(seen.map(({ id, connections }) => [id, connections]));
  expect(byReplica).toEqual({ one: [connection('c1')], two: [other] });
  await directory.change('one', [], ['c1']);
  expect((await read()).find(({ id }) => id === 'one')?.connections).toEqual([]);
});

it('reads nothing once more that the reader knows, and all of what has changed', async () => {
  await hold();
  await directory.change('one', [connection('c1')], []);
  const [seen] = await read();
  const known = new Map([['one', seen?.revision ?? -1]]);
  expect((await read(known))[0]?.connections).toBeNull();
  await hold();
  expect((await read(known))[0]?.connections).toBeNull();
  await directory.change('one', [connection('c2')], []);
  expect((await read(known))[0]?.connections).toHaveLength(2);
});

it('counts the changes of a replica, and makes none of one that is not known', async () => {
  expect(await directory.change('one', [connection('c1')], [])).toBeNull();
  await hold();
  const first = await directory.change('one', [connection('c1')], []);
  expect(await directory.change('one', [], ['c1'])).toBe((first ?? -1) + 1);
  expect((await read())[0]?.revision).toBe((first ?? -1) + 1);
});

it('may be told the same twice', async () => {
  await hold();
  for (let times = 0; times < 2; times++) {
    await directory.change('one', [connection('c1'), connection('c2')], []);
    await directory.change('one', [], ['c2', 'c3']);
  }
  expect((await read())[0]?.connections).toEqual([connection('c1')]);
});

it('forgets a replica that leaves, which has to write everything once more when it is back', async () => {
  await hold();
  await directory.change('one', [connection('c1')], []);
  await directory.leave('one');
  await directory.leave('one');
  expect([await read(), await hold()]).toEqual([[], false]);
  expect((await read())[0]?.connections).toEqual([]);
});

it('forgets what a dead replica has left, after a while', async () => {
  await hold();
  await directory.change('one', [connection('c1')], []);
  await read(NOTHING, NOW_MS + LEASE_MS + 59_000);
  await hold('one', NOW_MS + 200_000);
  expect((await read(NOTHING, NOW_MS + 80_000))[0]?.connections).toHaveLength(1);
});
