import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Database, RootDatabase } from 'lmdb';
import { AppError } from '../../kernel/app-error.js';
import { LOG, type Log } from '../../kernel/log.js';
import {
  DeliveryLog,
  isMatch,
  type RecordFilter,
  type RecordPage,
  STORY_MAX,
} from '../../record/delivery-log.js';
import { firstIdAt, isRow, type LoggedRecord, timeOfId } from '../../record/delivery-record.js';
import { storageConfig } from '../storage.config.js';
import { EmbeddedStore } from './embedded-store.js';
import { LogFile } from './log-file.js';
import { bytesIn, fromBytes, mayMatch, toBytes, toHead } from './record-group.js';

const MS_PER_DAY = 86_400_000;
/** A group is written anew with what comes, until it has so many records or is so old. */
const GROUP_RECORDS = 128;
const GROUP_MS = 600_000;
/** Above this share of its limit the oldest is removed, down to the other: the rest is for pages that LMDB cannot use at once. */
const FULL_SHARE = 0.75;
const REMOVED_TO_SHARE = 0.7;
const PAGE_BYTES = 4_096;
/** Of a head, about. */
const HEAD_BYTES = 1_024;
/** A page ends early after so long; the next one continues. */
const SEARCH_MS = 250;
/** How many heads are looked at in one turn of the event loop. */
const HEADS_PER_TURN = 256;

interface Opened {
  readonly root: RootDatabase;
  /** Key: the id of the group's first record. Value: see record-group.ts. */
  readonly groups: Database<Buffer, string>;
  readonly heads: Database<Buffer, string>;
}

const ALL: RecordFilter = {
  fromMs: null,
  toMs: null,
  corpId: null,
  openKfId: null,
  webhookId: null,
  outcome: null,
  words: null,
};

/**
 * In an LMDB environment of its own beside the store's, which is opened when it is first used. Records are in groups, in the
 * order of time, so that writing one is writing at the end; a search passes over groups that cannot have what it looks for.
 */
@Injectable()
export class EmbeddedDeliveryLog extends DeliveryLog implements OnApplicationShutdown {
  readonly #file: LogFile;
  readonly #keptMs: number;
  readonly #bytesMax: number;
  #opened: Opened | null = null;
  #isClosed = false;
  /** The group that is still written to. */
  #tail: readonly LoggedRecord[] = [];
  /** What all groups take, about. */
  #takenBytes = 0;

  /** @param _store owns the folder from then on. */
  constructor(
    _store: EmbeddedStore,
    @Inject(storageConfig.KEY) config: ConfigType<typeof storageConfig>,
    @Inject(LOG) log: Log,
  ) {
    super();
    this.#file = new LogFile(config.dataDir, config.deliveryLogBytesMax, log);
    this.#keptMs = config.deliveryLogDays * MS_PER_DAY;
    this.#bytesMax = config.deliveryLogBytesMax;
  }

  override async append(records: readonly LoggedRecord[]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    if (!this.#file.mayGrow()) throw new Error('too little of the disk is free');
    const { groups, heads } = this.#open();
    const before = this.#tail;
    const tail = this.#isFull(before, first) ? [...records] : [...before, ...records];
    const key = (tail[0] ?? first).id;
    this.#tail = tail;
    const bytes = toBytes(tail);
    const replaced = heads.get(key);
    try {
      await settled([groups.put(key, bytes), heads.put(key, toHead(tail, bytes.length))]);
    } catch (error) {
      this.#tail = before;
      throw error;
    }
    this.#takenBytes += sizeOf(bytes.length) - (replaced === undefined ? 0 : sizeOf(bytesIn(replaced)));
    if (this.#takenBytes > this.#bytesMax * FULL_SHARE) await this.#makeRoom();
  }

  override async search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage> {
    const endMs = performance.now() + SEARCH_MS;
    const { groups, heads } = this.#openToRead();
    const from = filter.fromMs === null ? '' : firstIdAt(filter.fromMs);
    const to = earlierOf(before, filter.toMs === null ? null : firstIdAt(filter.toMs));
    const found: LoggedRecord[] = [];
    let looked = 0;
    for (const { key, value: head } of heads.getRange({
      reverse: true,
      ...(to === null ? {} : { start: to }),
    })) {
      if (to !== null && key >= to) continue;
      if (mayMatch(head, filter)) {
        for (const record of read(groups, key).toReversed()) {
          const isInTime = record.id >= from && (to === null || record.id < to);
          if (isInTime && isRow(record) && isMatch(record, filter)) found.push(record);
        }
        if (found.length > limit) return toPage(found.slice(0, limit));
        await nextTurn();
      } else if (++looked % HEADS_PER_TURN === 0) await nextTurn();
      // Groups of earlier keys have only earlier records.
      if (key < from) break;
      if (performance.now() > endMs) return { records: found, nextBefore: key };
    }
    return { records: found, nextBefore: null };
  }

  override async find(id: string): Promise<LoggedRecord | null> {
    const { groups } = this.#openToRead();
    for (const key of groups.getKeys({ start: id, reverse: true, limit: 1 }))
      return read(groups, key).find((record) => record.id === id) ?? null;
    return null;
  }

  override async story(webhookId: string): Promise<readonly LoggedRecord[]> {
    const { groups, heads } = this.#openToRead();
    const filter = { ...ALL, webhookId };
    const found: LoggedRecord[] = [];
    let looked = 0;
    for (const { key, value: head } of heads.getRange()) {
      if (++looked % HEADS_PER_TURN === 0) await nextTurn();
      if (!mayMatch(head, filter)) continue;
      found.push(...read(groups, key).filter((record) => record.webhookId === webhookId));
      if (found.length >= STORY_MAX) break;
    }
    return found.slice(0, STORY_MAX);
  }

  override async reach(): Promise<number | null> {
    for (const key of this.#openToRead().groups.getKeys({ limit: 1 })) return timeOfId(key);
    return null;
  }

  override async bytes(): Promise<number> {
    return this.#opened === null ? 0 : this.#file.bytes;
  }

  override async sweep(nowMs: number): Promise<void> {
    const { groups } = this.#openToRead();
    // The last record of a group is by so much younger than its first at most.
    const old = [...groups.getKeys({ end: firstIdAt(nowMs - this.#keptMs - GROUP_MS) })];
    await this.#remove(old);
  }

  async onApplicationShutdown(): Promise<void> {
    const opened = this.#opened;
    this.#isClosed = true;
    this.#opened = null;
    if (opened !== null) await this.#file.close(opened.root);
  }

  #isFull(group: readonly LoggedRecord[], next: LoggedRecord): boolean {
    const [first] = group;
    return first === undefined || group.length >= GROUP_RECORDS || next.atMs - first.atMs >= GROUP_MS;
  }

  /** The file of LMDB never becomes smaller, but takes new records into the pages of removed ones. */
  async #makeRoom(): Promise<void> {
    const { heads } = this.#open();
    const keys: string[] = [];
    let leftBytes = this.#takenBytes;
    for (const { key, value } of heads.getRange()) {
      if (leftBytes <= this.#bytesMax * REMOVED_TO_SHARE) break;
      keys.push(key);
      leftBytes -= sizeOf(bytesIn(value));
    }
    await this.#remove(keys);
  }

  async #remove(keys: readonly string[]): Promise<void> {
    // A removal writes as well.
    if (keys.length === 0 || !this.#file.hasRoom()) return;
    const { groups, heads } = this.#open();
    const [tail] = this.#tail;
    if (tail !== undefined && keys.includes(tail.id)) this.#tail = [];
    const removed = keys.map((key) => heads.get(key)).filter((head) => head !== undefined);
    await settled(keys.flatMap((key) => [heads.remove(key), groups.remove(key)]));
    for (const head of removed) this.#takenBytes -= sizeOf(bytesIn(head));
  }

  #openToRead(): Opened {
    try {
      return this.#open();
    } catch (cause) {
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what: 'delivery log' } });
    }
  }

  #open(): Opened {
    if (this.#isClosed) throw new Error('the delivery log is closed');
    if (this.#opened !== null) return this.#opened;
    if (!this.#file.hasRoom()) throw new Error('the disk of DATA_DIR is full');
    const root = this.#file.open();
    const groups = root.openDB<Buffer, string>({ name: 'groups', encoding: 'binary' });
    const heads = root.openDB<Buffer, string>({ name: 'heads', encoding: 'binary' });
    this.#opened = { root, groups, heads };
    this.#takenBytes = 0;
    for (const { value } of heads.getRange()) this.#takenBytes += sizeOf(bytesIn(value));
    return this.#opened;
  }
}

/** Waits for all of them: of two that fail, nobody would catch the second. */
async function settled(writes: readonly Promise<boolean>[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    const { reason } = result;
    // The same failure on a second promise, which would end the process if nobody caught it.
    if (reason?.commitError instanceof Promise) reason.commitError.catch(() => {});
  }
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** @returns nothing for a group that was removed meanwhile, or cannot be read: the others still can. */
function read(groups: Database<Buffer, string>, key: string): LoggedRecord[] {
  try {
    const bytes = groups.get(key);
    return bytes === undefined ? [] : fromBytes(bytes);
  } catch {
    return [];
  }
}

function toPage(records: readonly LoggedRecord[]): RecordPage {
  return { records, nextBefore: records.at(-1)?.id ?? null };
}

function earlierOf(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** A group has pages of its own. */
function sizeOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES + HEAD_BYTES;
}
