/** What the journals in DATA_DIR promise beyond their port: how long and how much, and that SQLite's own program reads them. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AUDIT_ENTRIES_MAX } from '../../src/audit/audit-log.js';
import type { DeliveryLog, RecordFilter } from '../../src/log/delivery-log.js';
import { type DeliveryRecord, type LoggedRecord, toSignRecord } from '../../src/log/delivery-record.js';
import { FIGURES_KEPT_MS } from '../../src/log/figure-store.js';
import { MINUTE_MS, NO_FIGURES } from '../../src/log/figures.js';
import { append as appendTo, deliveryRecord, RecordIds } from '../support/delivery-records.js';
import { deliveryLogOf, toAudit, toFigures, toLog } from '../support/journals.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { auditLogContract, entryOf, removesOldEntries } from './audit-log.contract.js';
import { deliveryLogContract } from './delivery-log.contract.js';
import { figureStoreContract } from './figure-store.contract.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.now();
const BYTES_MAX = 16_777_216;
const ANY: RecordFilter = {
  ...{ fromMs: null, toMs: null, corpId: null, openKfId: null, openKfIds: null },
  ...{ webhookId: null, outcome: null, words: null },
};

const open = () => openStore(embeddedPlace());

describe('what is promised of each store', () => {
  deliveryLogContract(async () => toLog(await open()));
  figureStoreContract(async () => toFigures(await open()));
  auditLogContract(async () => toAudit(await open()));
  removesOldEntries(async () => toAudit(await open()));
});

describe('what is promised of this one', () => {
  let place: Place;
  let store: OpenedStore;
  let ids: RecordIds;

  beforeEach(async () => {
    place = embeddedPlace();
    store = await openStore(place);
    ids = new RecordIds();
  });

  afterEach(() => store.close());

  it('reads what an earlier version wrote, adds to it, and removes what it keeps no more', async () => {
    const [earlier] = recordsOf(1, NOW_MS, { kind: 'attempt' });
    await appendTo(deliveryLogOf(store), [earlier as LoggedRecord]);
    const before = new DatabaseSync(fileOf('log.db'));
    for (const column of ['botId', 'asks', 'signs'])
      before.exec(`ALTER TABLE deliveries DROP COLUMN "${column}"`);
    before.exec('ALTER TABLE figures DROP COLUMN facts');
    before.exec('CREATE TABLE seen (id TEXT PRIMARY KEY, seen TEXT)');
    before.close();
    store = await store.reopen();
    const deliveryLog = deliveryLogOf(store);
    const later = recordsOf(1, NOW_MS + 1, { kind: 'attempt', botId: 'bot-1', asks: 'message' });
    await appendTo(deliveryLog, later);
    expect((await deliveryLog.recent('deliveries', 0, '~', 9)).records).toEqual([...later, earlier]);
    const beside = new DatabaseSync(fileOf('log.db'), { readOnly: true });
    expect(beside.prepare("SELECT count(*) AS count FROM sqlite_schema WHERE name = 'seen'").get()).toEqual({
      count: 0,
    });
    beside.close();
  });

  const fileOf = (name: string): string => join(place.env.DATA_DIR ?? '', name);

  function recordsOf(count: number, atMs: number, fields: Partial<DeliveryRecord> = {}): LoggedRecord[] {
    return Array.from({ length: count }, (_, n) =>
      ids.toLogged(deliveryRecord({ atMs: atMs + n, webhookId: `msg_${atMs}_${n}`, ...fields })),
    );
  }

  async function allOf(deliveryLog: DeliveryLog, limit = 200): Promise<LoggedRecord[]> {
    const found: LoggedRecord[] = [];
    for (let before: string | null = null; ;) {
      const page = await deliveryLog.search(ANY, before, limit);
      found.push(...page.records);
      if (page.nextBefore === null) return found;
      before = page.nextBefore;
    }
  }

  it('answers what SQLite is asked beside the manager', async () => {
    await appendTo(deliveryLogOf(store), recordsOf(2, NOW_MS, { outcome: 'kept', stage: 'connect' }));
    const beside = new DatabaseSync(fileOf('log.db'), { readOnly: true });
    const asked = beside.prepare(
      `select datetime(atMs / 1000, 'unixepoch') as at, stage from deliveries where openKfId = ? order by id desc`,
    );
    expect(asked.all('wkAccount-1')).toEqual(
      [NOW_MS + 1, NOW_MS].map((ms) => ({
        at: new Date(ms).toISOString().slice(0, 19).replace('T', ' '),
        stage: 'connect',
      })),
    );
    beside.close();
  });

  it('has what an earlier process wrote while the clock was ahead, page by page and one by one', async () => {
    await appendTo(deliveryLogOf(store), recordsOf(3, NOW_MS + DAY_MS));
    store = await store.reopen();
    ids = new RecordIds();
    const deliveryLog = deliveryLogOf(store);
    await appendTo(deliveryLog, recordsOf(3, NOW_MS));
    const found = await allOf(deliveryLog, 2);
    const sorted = found.map(({ id }) => id).sort();
    expect(found.map(({ id }) => id)).toEqual(sorted.toReversed());
    expect(new Set(sorted).size).toBe(6);
    for (const record of found) expect(await deliveryLog.find(record.id)).toEqual(record);
  });

  it('loses what is older than its days to a sweep', async () => {
    const deliveryLog = deliveryLogOf(store);
    await appendTo(deliveryLog, recordsOf(2_500, NOW_MS - 2 * DAY_MS));
    await appendTo(deliveryLog, recordsOf(10, NOW_MS));
    await deliveryLog.sweep(NOW_MS + DAY_MS + 5_000);
    expect(await allOf(deliveryLog)).toHaveLength(10);
    expect(await deliveryLog.reach()).toBe(NOW_MS);
    await deliveryLog.sweep(NOW_MS + 4 * DAY_MS);
    expect([await allOf(deliveryLog), await deliveryLog.reach()]).toEqual([[], null]);
  });

  it('loses as much to what is written as came in, at least', async () => {
    const deliveryLog = deliveryLogOf(store);
    await appendTo(deliveryLog, recordsOf(30, NOW_MS - 4 * DAY_MS));
    await appendTo(deliveryLog, recordsOf(10, NOW_MS));
    expect(await allOf(deliveryLog)).toHaveLength(20);
  });

  it('leaves nothing where there is to be no log, and gives the disk back', async () => {
    const bytes = async () => deliveryLogOf(store).bytes();
    const empty = await bytes();
    await appendTo(deliveryLogOf(store), recordsOf(3_000, NOW_MS));
    store = await store.reopen();
    const full = statSync(fileOf('log.db')).size;
    await deliveryLogOf(store, { deliveryLogDays: 0 }).sweep(NOW_MS + 1);
    expect(await allOf(deliveryLogOf(store))).toEqual([]);
    expect(await bytes()).toBeLessThan(empty + 16_384);
    store = await store.reopen();
    expect(statSync(fileOf('log.db')).size).toBeLessThan(full / 10);
  });

  it('keeps what replicas tell each other for an hour where there is to be no log', async () => {
    const earlier = deliveryLogOf(store);
    const signs = { outcomes: [], reads: [], forgotten: [] };
    const [old, kept] = [NOW_MS - 3_600_001, NOW_MS].map((atMs) =>
      toSignRecord(earlier.newId(atMs), atMs, signs),
    );
    await appendTo(
      earlier,
      [old, kept].filter((one) => one !== undefined),
    );
    await appendTo(earlier, recordsOf(3_000, NOW_MS - 2_000));
    await deliveryLogOf(store, { deliveryLogDays: 0 }).sweep(NOW_MS);
    expect(await allOf(earlier)).toEqual([]);
    const left = await earlier.recent('signs', 0, '~', 9);
    expect(left.records.map(({ id }) => id)).toEqual([kept?.id]);
  });

  it('stays below its bound, and has the newest', async () => {
    const deliveryLog = deliveryLogOf(store, { deliveryLogBytesMax: BYTES_MAX });
    for (let n = 0; n < 40; n++) {
      const [small, large] = [{ reason: 'x'.repeat(2_000) }, { reason: 'y'.repeat(8_000) }];
      await appendTo(deliveryLog, recordsOf(50, NOW_MS + n * 1_000, small));
      await appendTo(deliveryLog, recordsOf(100, NOW_MS + n * 1_000 + 600, large));
      expect(await deliveryLog.bytes()).toBeLessThanOrEqual(BYTES_MAX);
    }
    expect(await deliveryLog.bytes()).toBeGreaterThan(BYTES_MAX / 2);
    const [newest] = (await deliveryLog.search(ANY, null, 1)).records;
    expect(newest?.atMs).toBe(NOW_MS + 39_699);
    expect(await deliveryLog.reach()).toBeGreaterThan(NOW_MS);
  });

  it('has the last 100,000 entries of what operators did', async () => {
    const { auditLog } = toAudit(store);
    const entries = Array.from({ length: AUDIT_ENTRIES_MAX + 2 }, (_, n) => entryOf(NOW_MS + n));
    for (let at = 0; at < entries.length; at += 5_000) await auditLog.append(entries.slice(at, at + 5_000));
    const all = { operator: null, sinceMs: null };
    const oldest = await auditLog.search(all, entries[5]?.id ?? null, 10, NOW_MS);
    expect(oldest).toEqual({ entries: entries.slice(2, 5).toReversed(), nextBefore: null });
  });

  it('removes figures that are older than three days', async () => {
    const { figures } = toFigures(store);
    const nowMs = Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS;
    for (const agoMs of [FIGURES_KEPT_MS + MINUTE_MS, FIGURES_KEPT_MS, 0])
      await figures.add('one', nowMs - agoMs, NO_FIGURES);
    expect(await figures.list(0, MINUTE_MS)).toHaveLength(2);
  });
});
