import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import { LOG, type Log } from '../../kernel/log.js';
import {
  DeliveryLog,
  isMatch,
  type RecordAccount,
  type RecordBatch,
  type RecordFilter,
  type RecordPage,
  STORY_MAX,
} from '../../record/delivery-log.js';
import { firstIdAt, isEnding, isRow, type LoggedRecord, timeOfId } from '../../record/delivery-record.js';
import { storageConfig } from '../storage.config.js';
import { EmbeddedStore } from './embedded-store.js';
import { SegmentBatch } from './segment-batch.js';
import { type Segment, SegmentFolder } from './segment-folder.js';
import { fromLine, fromSealed, lineTest, mayMatch, type Text, toText } from './segment-format.js';
import { bytesOf, LINES_PER_TURN, SEGMENT_MS, SegmentWriter } from './segment-writer.js';

const MS_PER_DAY = 86_400_000;
/** A page ends early after so long; the next one continues. */
const SEARCH_MS = 250;
/** Segments that are asked at a time what they may have: each waits for the disk. */
const ASKED_AT_A_TIME = 16;

const ALL: RecordFilter = {
  fromMs: null,
  toMs: null,
  corpId: null,
  openKfId: null,
  webhookId: null,
  outcome: null,
  words: null,
};
/** Of a segment that is gone. */
const EMPTY: Text = { replica: '', lines: [] };

/**
 * Segments of text beside the store, in the order of time: writing is writing at the end of a file, and removing the oldest is
 * removing a file. A search passes over sealed segments that cannot have what it looks for.
 */
@Injectable()
export class EmbeddedDeliveryLog extends DeliveryLog implements OnApplicationShutdown {
  readonly #folder: SegmentFolder;
  readonly #writer: SegmentWriter;
  readonly #keptMs: number;

  /** @param _store owns the folder from then on. */
  constructor(
    _store: EmbeddedStore,
    @Inject(storageConfig.KEY) config: ConfigType<typeof storageConfig>,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
    this.#folder = new SegmentFolder(config.dataDir);
    this.#writer = new SegmentWriter(this.#folder, config.deliveryLogBytesMax, log);
    this.#keptMs = config.deliveryLogDays * MS_PER_DAY;
  }

  override newBatch(): RecordBatch {
    return new SegmentBatch((batch) => this.#writer.append(batch));
  }

  override async search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage> {
    const endMs = performance.now() + SEARCH_MS;
    const from = filter.fromMs === null ? '' : firstIdAt(filter.fromMs);
    const to = earlierOf(before, filter.toMs === null ? null : firstIdAt(filter.toMs));
    const isWanted = (record: LoggedRecord): boolean =>
      record.id >= from && (to === null || record.id < to) && isRow(record) && isMatch(record, filter);
    const found: LoggedRecord[] = [];
    const segments = (await this.#segments()).filter(({ key }) => to === null || key < to);
    for (const segment of segments.toReversed()) {
      if (await this.#mayMatch(segment, filter))
        found.push(...(await this.#latestOf(segment, filter, isWanted, limit + 1 - found.length)));
      if (found.length > limit) return toPage(found.slice(0, limit));
      // Earlier segments have only earlier records.
      if (segment.key < from) break;
      if (performance.now() > endMs) return { records: found, nextBefore: segment.key };
    }
    return { records: found, nextBefore: null };
  }

  override async find(id: string): Promise<LoggedRecord | null> {
    const segment = (await this.#segments()).findLast(({ key }) => key <= id);
    if (segment === undefined) return null;
    const [found = null] = await this.#latestOf(segment, ALL, (record) => record.id === id, 1);
    return found;
  }

  override async story(webhookId: string): Promise<readonly LoggedRecord[]> {
    const filter = { ...ALL, webhookId };
    const segments = await this.#segments();
    const found: LoggedRecord[] = [];
    for (let at = 0; at < segments.length && found.length < STORY_MAX; at += ASKED_AT_A_TIME) {
      const some = segments.slice(at, at + ASKED_AT_A_TIME);
      const answers = await Promise.all(some.map((segment) => this.#mayMatch(segment, filter)));
      for (const segment of some.filter((_segment, n) => answers[n] === true)) {
        const records = await this.#latestOf(segment, filter, (record) => isMatch(record, filter), STORY_MAX);
        found.push(...records.toReversed());
      }
    }
    return found.slice(0, STORY_MAX);
  }

  override async endings(
    account: RecordAccount,
    after: string,
    limit: number,
  ): Promise<readonly LoggedRecord[]> {
    const endMs = performance.now() + SEARCH_MS;
    const filter = { ...ALL, ...account };
    const isWanted = (record: LoggedRecord): boolean =>
      record.id > after && isEnding(record) && isMatch(record, filter);
    const segments = await this.#segments();
    const first = segments.findLastIndex(({ key }) => key <= after);
    const found: LoggedRecord[] = [];
    for (const segment of segments.slice(Math.max(first, 0))) {
      if (await this.#mayMatch(segment, filter))
        found.push(...(await this.#latestOf(segment, filter, isWanted, Infinity)).toReversed());
      if (found.length >= limit || performance.now() > endMs) break;
    }
    return found.slice(0, limit);
  }

  override async reach(): Promise<number | null> {
    const [oldest] = await this.#segments();
    return oldest === undefined ? null : timeOfId(oldest.key);
  }

  override async bytes(): Promise<number> {
    return bytesOf(await this.#segments());
  }

  override sweep(nowMs: number): Promise<void> {
    // The last record of a segment is by so much younger than its first at most.
    const youngerMs = this.#keptMs === 0 ? 0 : SEGMENT_MS;
    return this.#writer.removeBefore(firstIdAt(nowMs - this.#keptMs - youngerMs));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#writer.close();
  }

  #segments(): Promise<readonly Segment[]> {
    return reading(this.#writer.list());
  }

  /** Whether it may have what is looked for, as far as can be said without reading it. */
  async #mayMatch({ key, isSealed }: Segment, filter: RecordFilter): Promise<boolean> {
    if (!isSealed) return true;
    try {
      const terms = await this.#folder.readTerms(key);
      return terms !== null && mayMatch(terms, filter);
    } catch {
      // Reading it will tell.
      return true;
    }
  }

  /** Its records that are wanted, the newest first. */
  async #latestOf(
    segment: Segment,
    filter: RecordFilter,
    isWanted: (record: LoggedRecord) => boolean,
    limit: number,
  ): Promise<LoggedRecord[]> {
    const { replica, lines } = await this.#textOf(segment);
    const mayBe = lineTest(filter);
    const found: LoggedRecord[] = [];
    for (let at = lines.length - 1; at >= 0 && found.length < limit; at--) {
      if (at % LINES_PER_TURN === 0) await nextTurn();
      const line = lines[at] ?? '';
      const record = mayBe(line) ? fromLine(line, replica) : null;
      if (record !== null && isWanted(record)) found.push(record);
    }
    return found;
  }

  /** @returns nothing of a segment that is damaged, which is removed: the others can be read. */
  async #textOf({ key, isSealed }: Segment): Promise<Text> {
    const open = isSealed ? null : await reading(this.#folder.read({ key, isSealed }));
    // It may have been sealed meanwhile, or be gone.
    const sealed = open === null ? await reading(this.#folder.read({ key, isSealed: true })) : null;
    if (open === null && sealed === null) return EMPTY;
    try {
      return toText(sealed === null ? String(open) : await fromSealed(sealed));
    } catch (err) {
      this.log.warn({ segment: key, err }, 'deliverylog.segment_damaged');
      await reading(this.#writer.remove({ key, isSealed: open === null }));
      return EMPTY;
    }
  }
}

/** @throws AppError `STORE_UNAVAILABLE` */
async function reading<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what: 'delivery log' } });
  }
}

function toPage(records: readonly LoggedRecord[]): RecordPage {
  return { records, nextBefore: records.at(-1)?.id ?? null };
}

function earlierOf(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
