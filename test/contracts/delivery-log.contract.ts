import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryLog, RecordFilter } from '../../src/log/delivery-log.js';
import { type DeliveryRecord, type LoggedRecord, toSignRecord } from '../../src/log/delivery-record.js';
import { LAST_ID, timeOfId } from '../../src/storage/journal/journal.js';
import { append as appendTo, attemptRecord, deliveryRecord, RecordIds } from '../support/delivery-records.js';

export interface OpenedLog {
  readonly deliveryLog: DeliveryLog;
  reopen(): Promise<OpenedLog>;
  close(): Promise<void>;
}

const NOW_MS = Date.now() - 60_000;
const ANY: RecordFilter = {
  fromMs: null,
  toMs: null,
  corpId: null,
  openKfId: null,
  openKfIds: null,
  webhookId: null,
  outcome: null,
  words: null,
};

/** The promises of `DeliveryLog`, for every adapter. */
export function deliveryLogContract(open: () => Promise<OpenedLog>): void {
  describe('a delivery log', () => {
    let opened: OpenedLog;
    let ids: RecordIds;

    beforeEach(async () => {
      opened = await open();
      ids = new RecordIds();
    });

    afterEach(() => opened.close());

    /** Nobody is told when what was appended can be found. */
    async function append(...records: readonly DeliveryRecord[]): Promise<LoggedRecord[]> {
      const logged = records.map((record) => ids.toLogged(record));
      await appendTo(opened.deliveryLog, logged);
      const last = logged.at(-1);
      while (last !== undefined && (await opened.deliveryLog.find(last.id)) === null);
      return logged;
    }

    /** Whatever number of pages it takes. */
    async function search(filter: Partial<RecordFilter> = {}, limit = 50): Promise<LoggedRecord[]> {
      const found: LoggedRecord[] = [];
      for (let before: string | null = null; ;) {
        const page = await opened.deliveryLog.search({ ...ANY, ...filter }, before, limit);
        expect(page.records.length).toBeLessThanOrEqual(limit);
        found.push(...page.records);
        if (page.nextBefore === null) return found;
        before = page.nextBefore;
      }
    }

    const idsOf = (records: readonly LoggedRecord[]): string[] => records.map(({ id }) => id);

    it('has nothing at first', async () => {
      const { deliveryLog } = opened;
      expect(await search()).toEqual([]);
      expect(await deliveryLog.reach()).toBeNull();
      expect(await deliveryLog.story('msg_1')).toEqual([]);
      expect(await deliveryLog.find('0000000000000000000')).toBeNull();
      await appendTo(deliveryLog, []);
      await deliveryLog.sweep(NOW_MS);
    });

    it('gives back what was appended, as it was', async () => {
      const refused = deliveryRecord({
        ...{ atMs: NOW_MS, corpId: null, openKfId: null, webhookId: null, outcome: 'refused' },
        ...{ form: null, attempt: 0, status: null, reason: 'CALLBACK_CORP_UNKNOWN', source: '203.0.113.7' },
      });
      const [one, other] = await append(refused, deliveryRecord({ atMs: NOW_MS + 1, reason: '“引用”\n' }));
      expect(await opened.deliveryLog.find(one?.id ?? '')).toEqual(one);
      const sentTo = { endpoint: 'http://puppet:8080', botId: 'bot-1', asks: 'event' } as const;
      const onlyAttempt = { atMs: NOW_MS - 2, form: 'decrypted', ...sentTo, durationMs: 3.25 } as const;
      const [both] = await append(deliveryRecord({ atMs: NOW_MS - 1, webhookId: 'msg_both', onlyAttempt }));
      expect(await opened.deliveryLog.story('msg_both')).toEqual([both]);
      expect(await search({ webhookId: 'msg_1' })).toEqual([other]);
      expect(await search({ outcome: 'refused' })).toEqual([one]);
    });

    it('gives what other replicas wrote, and signs, which are not listed', async () => {
      const { deliveryLog } = opened;
      const signs = { outcomes: [], reads: [], forgotten: [{ openKfId: 'wk1', atMs: NOW_MS }] };
      const there = [
        ids.toLogged(
          attemptRecord({ atMs: NOW_MS, botId: 'bot-1', asks: 'message', webhookId: 'msg_there' }),
        ),
        toSignRecord(ids.toLogged(deliveryRecord({ atMs: NOW_MS + 1 })).id, NOW_MS + 1, signs),
      ].map((record) => ({ ...record, replica: 'there' }));
      await appendTo(deliveryLog, there);
      await append(deliveryRecord({ atMs: NOW_MS + 2, webhookId: 'msg_here' }));
      expect(await deliveryLog.ofOthers('', 9, 'all')).toEqual(there);
      expect(await deliveryLog.ofOthers(there[1]?.id ?? '', 9, 'all')).toEqual(there.slice(1));
      expect(await deliveryLog.ofOthers('', 9, 'signs')).toEqual(there.slice(1));
      const recent = async (what: 'signs' | 'deliveries') =>
        (await deliveryLog.recent(what, 0, LAST_ID, 9)).records.map(({ webhookId }) => webhookId);
      expect([await recent('signs'), await recent('deliveries')]).toEqual([
        [null],
        ['msg_here', 'msg_there'],
      ]);
      expect(await deliveryLog.find(there[1]?.id ?? '')).toBeNull();
      expect((await search()).map(({ webhookId }) => webhookId)).toEqual(['msg_here']);
    });

    it('gives it also after a restart, and what was appended since then', async () => {
      const before = await append(deliveryRecord({ atMs: NOW_MS }));
      opened = await opened.reopen();
      const after = await append(deliveryRecord({ atMs: NOW_MS + 5 }));
      expect(await search()).toEqual([...after, ...before]);
    });

    it('lists the newest first, page after page, each once', async () => {
      const records = Array.from({ length: 300 }, (_, n) => deliveryRecord({ atMs: NOW_MS + n }));
      const logged = [
        ...(await append(...records.slice(0, 100))),
        ...(await append(...records.slice(100, 150))),
        ...(await append(...records.slice(150))),
      ];
      expect(idsOf(await search({}, 7))).toEqual(idsOf(logged.toReversed()));
      expect(idsOf(await search({}, 300))).toEqual(idsOf(logged.toReversed()));
    });

    it('keeps records of one millisecond apart', async () => {
      const logged = await append(...Array.from({ length: 5 }, () => deliveryRecord({ atMs: NOW_MS })));
      expect(idsOf(await search({}, 2))).toEqual(idsOf(logged.toReversed()));
    });

    it('leaves the attempts of a callback out that its record tells of', async () => {
      const [, callback, late, due] = await append(
        attemptRecord({ atMs: NOW_MS }),
        deliveryRecord({ atMs: NOW_MS }),
        attemptRecord({ atMs: NOW_MS + 1, durationMs: 1_500 }),
        attemptRecord({ atMs: NOW_MS + 2, occasion: 'due' }),
      );
      expect(await search()).toEqual([due, late, callback]);
    });

    it.each<[string, Partial<RecordFilter>, Partial<DeliveryRecord>]>([
      ['a corp', { corpId: 'wwOther' }, { corpId: 'wwOther' }],
      ['an account', { openKfId: 'wkOther' }, { openKfId: 'wkOther' }],
      ['one of several accounts', { openKfIds: ['wk2', 'wkOther'] }, { openKfId: 'wkOther' }],
      [
        'one of several accounts, and words',
        { openKfIds: ['wkOther'], words: { id: 'wwCorp_1', openKfIds: [] } },
        { openKfId: 'wkOther' },
      ],
      ['a webhook-id', { webhookId: 'msg_other' }, { webhookId: 'msg_other' }],
      ['an outcome', { outcome: 'kept' }, { outcome: 'kept' }],
      ['both', { corpId: 'wwOther', outcome: 'dead' }, { corpId: 'wwOther', outcome: 'dead' }],
      ['words: an id', { words: { id: 'msg_other', openKfIds: [] } }, { webhookId: 'msg_other' }],
      ['words: a corp', { words: { id: 'wwOther', openKfIds: [] } }, { corpId: 'wwOther' }],
      ['words: a name', { words: { id: 'Shop', openKfIds: ['wkOther', 'wk2'] } }, { openKfId: 'wkOther' }],
    ])('finds by %s, and nothing else', async (_what, filter, fields) => {
      const others = Array.from({ length: 200 }, (_, n) =>
        deliveryRecord({ atMs: NOW_MS + n, webhookId: `m${n}` }),
      );
      await append(...others);
      const [wanted] = await append(deliveryRecord({ atMs: NOW_MS + 500, ...fields }));
      await append(...others.map((record) => ({ ...record, atMs: record.atMs + 1_000 })));
      expect(await search(filter)).toEqual([wanted]);
    });

    it('finds the outcome that most have', async () => {
      const [taken] = await append(deliveryRecord({ atMs: NOW_MS }));
      await append(deliveryRecord({ atMs: NOW_MS + 1, outcome: 'kept' }));
      expect(await search({ outcome: 'taken' })).toEqual([taken]);
    });

    it('finds by time, the first included and the last not', async () => {
      const logged = await append(...[0, 10, 20, 30].map((ms) => deliveryRecord({ atMs: NOW_MS + ms })));
      const found = await search({ fromMs: NOW_MS + 10, toMs: NOW_MS + 30 }, 1);
      expect(idsOf(found)).toEqual(idsOf(logged.slice(1, 3).toReversed()));
    });

    it('has the whole story of a webhook-id, the oldest first', async () => {
      const story = await append(
        attemptRecord({ atMs: NOW_MS, outcome: 'not_taken', stage: 'connect' }),
        deliveryRecord({ atMs: NOW_MS + 1, outcome: 'kept' }),
      );
      await append(deliveryRecord({ atMs: NOW_MS + 2, webhookId: 'msg_2' }));
      story.push(...(await append(attemptRecord({ atMs: NOW_MS + 900, occasion: 'due', attempt: 2 }))));
      expect(await opened.deliveryLog.story('msg_1')).toEqual(story);
    });

    it('knows by what the wait of an account ended, the oldest first', async () => {
      const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
      const [, kept, , taken, dead, dropped] = await append(
        deliveryRecord({ atMs: NOW_MS - 1 }),
        deliveryRecord({ atMs: NOW_MS, outcome: 'kept' }),
        attemptRecord({ atMs: NOW_MS + 1, outcome: 'not_taken', occasion: 'due' }),
        attemptRecord({ atMs: NOW_MS + 2, occasion: 'due', webhookId: 'msg_2' }),
        deliveryRecord({ atMs: NOW_MS + 3, kind: 'end', outcome: 'dead', form: null }),
        deliveryRecord({ atMs: NOW_MS + 4, kind: 'end', outcome: 'dropped', form: null }),
        deliveryRecord({ atMs: NOW_MS + 5, outcome: 'refused' }),
        deliveryRecord({ atMs: NOW_MS + 5, openKfId: 'wkOther' }),
        deliveryRecord({ atMs: NOW_MS + 5, corpId: 'wwOther' }),
        attemptRecord({ atMs: NOW_MS + 6, occasion: 'message', form: 'message' }),
      );
      const { deliveryLog } = opened;
      expect(await deliveryLog.endings(ACCOUNT, kept?.id ?? '', 10)).toEqual([taken, dead, dropped]);
      expect(await deliveryLog.endings(ACCOUNT, kept?.id ?? '', 2)).toEqual([taken, dead]);
      expect(await deliveryLog.endings(ACCOUNT, dropped?.id ?? '', 2)).toEqual([]);
    });

    it('says how far back it reaches, and that it takes some room', async () => {
      const [first] = await append(deliveryRecord({ atMs: NOW_MS }), deliveryRecord({ atMs: NOW_MS + 1 }));
      expect(await opened.deliveryLog.reach()).toBe(NOW_MS);
      expect(timeOfId(first?.id ?? '')).toBe(NOW_MS);
      expect(await opened.deliveryLog.bytes()).toBeGreaterThan(0);
    });

    it('loses nothing to a sweep that is not old or too much', async () => {
      const logged = await append(deliveryRecord({ atMs: NOW_MS }));
      await opened.deliveryLog.sweep(NOW_MS + 60_000);
      expect(await search()).toEqual(logged);
    });
  });
}
