import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { REPLICA } from '../kernel/replica.js';
import {
  firstIdAt,
  type Journal,
  type JournalBatch,
  JournalIds,
  type JournalKind,
  Journals,
  LAST_ID,
  type Match,
  timeOfId,
} from '../storage/journal/journal.js';
import {
  SIGNS_OUTCOME,
  isEnding,
  isRow,
  type LoggedRecord,
  type RecordOutcome,
  withAttempts,
} from './delivery-record.js';
import { logConfig } from './log.config.js';

/** The kf account of a record. */
export interface RecordAccount {
  readonly corpId: string;
  readonly openKfId: string;
}

/** The conditions of a search: all of them must hold. `null` accepts any value. */
export interface RecordFilter {
  /** Store time, inclusive. */
  readonly fromMs: number | null;
  /** Store time, exclusive. */
  readonly toMs: number | null;
  readonly corpId: string | null;
  readonly openKfId: string | null;
  /** One of these accounts. */
  readonly openKfIds: readonly string[] | null;
  readonly webhookId: string | null;
  readonly outcome: RecordOutcome | null;
  readonly words: Words | null;
}

/** The search words of a person. One match is enough. */
export interface Words {
  /** A whole corp id, account id or webhook-id. */
  readonly id: string;
  /** The accounts whose id or name contains the words. */
  readonly openKfIds: readonly string[];
}

export interface RecordPage {
  /** The newest first. */
  readonly records: readonly LoggedRecord[];
  /** Where the next page begins; `null` at the end. */
  readonly nextBefore: string | null;
}

/** How many records of one story are read at most. */
export const STORY_MAX = 500;
const MS_PER_DAY = 86_400_000;
const SIGNS_KEPT = { keptMs: 3_600_000, only: ['outcome', SIGNS_OUTCOME] } as const;

export const DELIVERIES: JournalKind<LoggedRecord> = {
  name: 'deliveries',
  columns: {
    kind: 'TEXT',
    outcome: 'TEXT',
    corpId: 'TEXT',
    openKfId: 'TEXT',
    webhookId: 'TEXT',
    form: 'TEXT',
    occasion: 'TEXT',
    attempt: 'INTEGER',
    endpoint: 'TEXT',
    status: 'INTEGER',
    stage: 'TEXT',
    reason: 'TEXT',
    durationMs: 'REAL',
    source: 'TEXT',
    onlyAttempt: 'JSON',
    replica: 'TEXT',
    botId: 'TEXT',
    asks: 'TEXT',
    signs: 'JSON',
  },
  // The field that leaves the fewest entries comes first.
  fields: ['webhookId', 'openKfId', 'outcome', 'corpId'],
  common: { outcome: 'taken' },
  marks: { isRow, isEnding },
  blank: {
    corpId: null,
    openKfId: null,
    webhookId: null,
    form: null,
    occasion: null,
    endpoint: null,
    botId: null,
    asks: null,
    status: null,
    stage: null,
    reason: null,
    source: null,
    onlyAttempt: null,
    signs: null,
  },
  isLasting: false,
};

/**
 * Keeps the records of deliveries for some days and up to some size. The oldest are removed first. When a process or a machine
 * dies, the records of its last seconds may be lost. No delivery waits for the log.
 */
@Injectable()
export class DeliveryLog {
  readonly #journal: Journal<LoggedRecord>;
  readonly #ids = new JournalIds();
  /** For how many days records are kept; 0 for none. */
  readonly days: number;

  constructor(journals: Journals, @Inject(logConfig.KEY) config: ConfigType<typeof logConfig>) {
    const { deliveryLogDays, deliveryLogBytesMax: bytesMax } = config;
    this.days = deliveryLogDays;
    // Without a log replicas tell each other what they see, and no more.
    const kept = deliveryLogDays === 0 ? SIGNS_KEPT : ({ keptMs: deliveryLogDays * MS_PER_DAY } as const);
    this.#journal = journals.open(DELIVERIES, { ...kept, bytesMax });
  }

  /** @param atMs store time. */
  newId(atMs: number): string {
    return this.#ids.next(atMs);
  }

  /** An empty batch. */
  newBatch(): JournalBatch<LoggedRecord> {
    return this.#journal.newBatch();
  }

  /**
   * A page of the records that are listed (`isRow`), the newest first.
   * @param before only records with smaller ids; `null` for all.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage> {
    const { fromMs, toMs, corpId, openKfIds, webhookId, outcome, words } = filter;
    const openKfId = filter.openKfId ?? openKfIds;
    const ends = [before ?? LAST_ID, toMs === null ? LAST_ID : firstIdAt(toMs)].sort();
    const { entries, nextBefore } = await this.#journal.page({
      where: { isRow: true, ...withoutNull({ corpId, openKfId, webhookId, outcome }) },
      ...(words === null ? {} : { anyOf: toAnyOf(words) }),
      from: fromMs === null ? '' : firstIdAt(fromMs),
      before: ends[0] ?? LAST_ID,
      limit,
    });
    return { records: entries, nextBefore };
  }

  /** The newest records of an account, attempts included. @throws AppError `STORE_UNAVAILABLE` */
  async newestOf({ corpId, openKfId }: RecordAccount, limit: number): Promise<readonly LoggedRecord[]> {
    const where = { isRow: true, corpId, openKfId };
    const { entries } = await this.#journal.page({ where, from: '', before: LAST_ID, limit });
    return withAttempts(entries);
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  async find(id: string): Promise<LoggedRecord | null> {
    const [found = null] = await this.#journal.oldest({ from: id, limit: 1 });
    return found?.id === id && found.kind !== 'signs' ? found : null;
  }

  /** All records with this webhook-id, the oldest first, `STORY_MAX` at most. @throws AppError `STORE_UNAVAILABLE` */
  story(webhookId: string): Promise<readonly LoggedRecord[]> {
    return this.#journal.oldest({ where: { webhookId }, limit: STORY_MAX });
  }

  /**
   * The first endings (`isEnding`) of the account whose ids come after `after`, the oldest first.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async endings(
    { corpId, openKfId }: RecordAccount,
    after: string,
    limit: number,
  ): Promise<readonly LoggedRecord[]> {
    // All ids have the same length, so no id lies between `after` and this text.
    const from = `${after}0`;
    return this.#journal.oldest({ where: { corpId, openKfId, isEnding: true }, from, limit });
  }

  /**
   * The first records of other replicas from this id on, the oldest first.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  ofOthers(from: string, limit: number, what: 'all' | 'signs'): Promise<readonly LoggedRecord[]> {
    const where = what === 'all' ? {} : { outcome: SIGNS_OUTCOME };
    return this.#journal.oldest({ where, except: ['replica', REPLICA], from, limit });
  }

  /**
   * A page of the signs from this time on, or of all else, the newest first.
   * @param before only records with smaller ids.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async recent(
    what: 'signs' | 'deliveries',
    fromMs: number,
    before: string,
    limit: number,
  ): Promise<RecordPage> {
    const { entries, nextBefore } = await this.#journal.page({
      ...(what === 'signs' ? { where: { outcome: SIGNS_OUTCOME } } : { except: ['kind', 'signs'] }),
      from: firstIdAt(fromMs),
      before,
      limit,
    });
    return { records: entries, nextBefore };
  }

  /** When the oldest record was written, store time; `null` while there is none. @throws AppError `STORE_UNAVAILABLE` */
  async reach(): Promise<number | null> {
    const [oldest] = await this.#journal.oldest({ limit: 1 });
    return oldest === undefined ? null : timeOfId(oldest.id);
  }

  /** About how many bytes of the disk the log takes. @throws AppError `STORE_UNAVAILABLE` */
  bytes(): Promise<number> {
    return this.#journal.bytes();
  }

  /**
   * Removes records that are too old, and the oldest ones while the log is too large. Without a log, removes all but the signs of
   * the last hour.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  sweep(nowMs: number): Promise<void> {
    return this.#journal.sweep(nowMs);
  }
}

function withoutNull(fields: Readonly<Record<string, string | readonly string[] | null>>): Match {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as Match;
}

function toAnyOf({ id, openKfIds }: Words): [string, string][] {
  return [
    ['webhookId', id],
    ['corpId', id],
    ...[id, ...openKfIds].map((openKfId): [string, string] => ['openKfId', openKfId]),
  ];
}
