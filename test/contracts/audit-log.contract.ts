import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuditEntry, toEntry } from '../../src/audit/audit-entry.js';
import { AUDIT_KEPT_MS, type AuditFilter, type AuditLog } from '../../src/audit/audit-log.js';
import { JournalIds } from '../../src/storage/journal/journal.js';
import type { AnsweredCall } from '../../src/http/access/audit-hook.js';

/** One opened log; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedAudit {
  readonly auditLog: AuditLog;
  reopen(): Promise<OpenedAudit>;
  /** Throws its data away. */
  close(): Promise<void>;
}

const NOW_MS = Date.now();
const ALL: AuditFilter = { operator: null, sinceMs: null };

export function entryOf(atMs: number, call: Partial<AnsweredCall> = {}): AuditEntry {
  const whole: AnsweredCall = {
    operator: 'alice',
    method: 'DELETE',
    route: '/api/v1/bots/:id',
    path: '/api/v1/bots/one',
    subject: 'LangBot',
    fields: ['name', 'openKfIds'],
    status: 200,
    from: '10.0.0.1',
    requestId: 'request-1',
    ...call,
  };
  return toEntry(new JournalIds().next(atMs), whole, atMs);
}

/** The promises of `AuditLog`, on every store. */
export function auditLogContract(open: () => Promise<OpenedAudit>): void {
  describe('an audit log', () => {
    let opened: OpenedAudit;
    let log: AuditLog;

    beforeEach(async () => {
      opened = await open();
      log = opened.auditLog;
    });

    afterEach(() => opened.close());

    const search = async (filter: Partial<AuditFilter> = {}, limit = 10) =>
      (await log.search({ ...ALL, ...filter }, null, limit, NOW_MS)).entries;

    it('has nothing to begin with', async () => {
      expect(await log.search(ALL, null, 10, NOW_MS)).toEqual({ entries: [], nextBefore: null });
    });

    it('gives what was appended, the newest first, also after a restart', async () => {
      const [first, second] = [
        entryOf(NOW_MS),
        entryOf(NOW_MS + 1, { operator: null, status: null, subject: null, fields: null }),
      ];
      await log.append([first, second]);
      expect(await search()).toEqual([second, first]);
      opened = await opened.reopen();
      log = opened.auditLog;
      expect(await search()).toEqual([second, first]);
    });

    it('has the later count of an entry that is appended again', async () => {
      const [one, other] = [entryOf(NOW_MS), entryOf(NOW_MS + 1)];
      await log.append([one, other]);
      await log.append([{ ...one, times: 3 }]);
      expect(await search()).toEqual([other, { ...one, times: 3 }]);
    });

    it('has an entry once that is appended twice, as a write is repeated whose answer was lost', async () => {
      const entries = [entryOf(NOW_MS), entryOf(NOW_MS + 1)];
      await log.append(entries);
      await log.append(entries);
      expect(await search()).toHaveLength(2);
    });

    it('goes over pages, none of which has an entry of another', async () => {
      const entries = Array.from({ length: 5 }, (_, n) => entryOf(NOW_MS + n));
      await log.append(entries);
      const found: AuditEntry[] = [];
      let before: string | null = null;
      do {
        const page = await log.search(ALL, before, 2, NOW_MS);
        found.push(...page.entries);
        before = page.nextBefore;
      } while (before !== null);
      expect(found).toEqual(entries.toReversed());
    });

    it('finds those of one operator, and those since a time', async () => {
      const [old, bobs, last] = [
        entryOf(NOW_MS),
        entryOf(NOW_MS + 10, { operator: 'bob' }),
        entryOf(NOW_MS + 20),
      ];
      await log.append([old, bobs, last]);
      expect(await search({ operator: 'bob' })).toEqual([bobs]);
      expect(await search({ operator: 'nobody' })).toEqual([]);
      expect(await search({ sinceMs: NOW_MS + 10 })).toEqual([last, bobs]);
      expect(await search({ operator: 'alice', sinceMs: NOW_MS + 10 })).toEqual([last]);
    });

    it('finds nothing that is older than 90 days, whether it is still there or not', async () => {
      await log.append([entryOf(NOW_MS)]);
      const countAt = async (nowMs: number, sinceMs: number | null) =>
        (await log.search({ ...ALL, sinceMs }, null, 10, nowMs)).entries.length;
      expect(await countAt(NOW_MS + AUDIT_KEPT_MS, null)).toBe(1);
      expect(await countAt(NOW_MS + AUDIT_KEPT_MS + 1, null)).toBe(0);
      expect(await countAt(NOW_MS + AUDIT_KEPT_MS + 1, NOW_MS - 1)).toBe(0);
    });
  });
}

/** Of those that remove by themselves at a write what is too old. */
export function removesOldEntries(open: () => Promise<OpenedAudit>): void {
  it('removes what is older than 90 days', async () => {
    const { auditLog, close } = await open();
    const last = entryOf(NOW_MS);
    await auditLog.append([entryOf(NOW_MS - AUDIT_KEPT_MS - 1), entryOf(NOW_MS - AUDIT_KEPT_MS + 1)]);
    await auditLog.append([last]);
    expect((await auditLog.search(ALL, null, 10, NOW_MS)).entries).toHaveLength(2);
    await close();
  });
}
