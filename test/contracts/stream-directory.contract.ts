import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import type { BotConnection } from '../../src/registry/bots/connected-bots.js';
import type { StreamDirectory } from '../../src/stream/replicas/stream-directory.js';

export interface OpenedDirectory {
  readonly directory: StreamDirectory;
  close(): Promise<void>;
}

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

/** The promises of `StreamDirectory`, for every adapter that is shared. */
export function streamDirectoryContract(open: () => Promise<OpenedDirectory>): void {
  describe('a directory of streams', () => {
    let opened: OpenedDirectory;

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    const hold = (id = 'one', untilMs = NOW_MS + LEASE_MS) =>
      opened.directory.hold(
        { id, url: `http://${id}:7777`, key: new Secret(`key of ${id}`) },
        untilMs,
        NOW_MS,
      );
    const read = (known = NOTHING, nowMs = NOW_MS) => opened.directory.read(known, nowMs);

    it('says where a replica is, and with which key it is called, for as long as it holds its lease', async () => {
      expect([await hold(), await hold()]).toEqual([false, true]);
      const [seen] = await read();
      expect([seen?.id, seen?.url, seen?.key.reveal()]).toEqual(['one', 'http://one:7777', 'key of one']);
      expect(await read(NOTHING, NOW_MS + LEASE_MS)).toEqual([]);
      await hold('one', NOW_MS + 2 * LEASE_MS);
      expect(await read(NOTHING, NOW_MS + LEASE_MS)).toHaveLength(1);
    });

    it('has the connections of each, as they were written', async () => {
      await hold();
      await hold('two');
      const other = connection('c2', { replicaId: 'two', openKfIds: null });
      await opened.directory.change('one', [connection('c1')], []);
      await opened.directory.change('two', [other], []);
      const seen = await read();
      const byReplica = Object.fromEntries(seen.map(({ id, connections }) => [id, connections]));
      expect(byReplica).toEqual({ one: [connection('c1')], two: [other] });
      await opened.directory.change('one', [], ['c1']);
      expect((await read()).find(({ id }) => id === 'one')?.connections).toEqual([]);
    });

    it('reads nothing once more that the reader knows, and all of what has changed', async () => {
      await hold();
      await opened.directory.change('one', [connection('c1')], []);
      const [seen] = await read();
      const known = new Map([['one', seen?.revision ?? -1]]);
      expect((await read(known))[0]?.connections).toBeNull();
      await hold();
      expect((await read(known))[0]?.connections).toBeNull();
      await opened.directory.change('one', [connection('c2')], []);
      expect((await read(known))[0]?.connections).toHaveLength(2);
    });

    it('counts the changes of a replica, and makes none of one that is not known', async () => {
      expect(await opened.directory.change('one', [connection('c1')], [])).toBeNull();
      await hold();
      const first = await opened.directory.change('one', [connection('c1')], []);
      expect(await opened.directory.change('one', [], ['c1'])).toBe((first ?? -1) + 1);
      expect((await read())[0]?.revision).toBe((first ?? -1) + 1);
    });

    it('may be told the same twice', async () => {
      await hold();
      for (let times = 0; times < 2; times++) {
        await opened.directory.change('one', [connection('c1'), connection('c2')], []);
        await opened.directory.change('one', [], ['c2', 'c3']);
      }
      expect((await read())[0]?.connections).toEqual([connection('c1')]);
    });

    it('forgets a replica that leaves, which has to write everything once more when it is back', async () => {
      await hold();
      await opened.directory.change('one', [connection('c1')], []);
      await opened.directory.leave('one');
      await opened.directory.leave('one');
      expect([await read(), await hold()]).toEqual([[], false]);
      expect((await read())[0]?.connections).toEqual([]);
    });

    it('forgets what a dead replica has left, after a while', async () => {
      await hold();
      await opened.directory.change('one', [connection('c1')], []);
      await read(NOTHING, NOW_MS + LEASE_MS + 59_000);
      await hold('one', NOW_MS + 200_000);
      expect((await read(NOTHING, NOW_MS + 80_000))[0]?.connections).toHaveLength(1);
    });
  });
}
