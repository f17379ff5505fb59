import { type Collection, mongo } from 'mongoose';
import type { Log } from '../../kernel/log.js';
import {
  MESSAGE_LIFE_MS,
  type Message,
  type MessageHead,
  type MessageOrder,
  SEEN_MS,
} from '../../messages/message.js';
import { fromCursor, toCursor } from '../../messages/message-cursor.js';
import type { MessageCounts, MessageFilter, MessagePage } from '../../messages/message-store.js';
import { sayUnreadable } from '../unreadable-message.js';
import {
  asKnown,
  fromRecord,
  KNOWN,
  type KnownRecord,
  LONG_AGO,
  MESSAGES,
  type MessageRecord,
  toHead,
  UNREADABLE,
} from './message.schema.js';
import { isDuplicateKey, type MongoStore, READ_LIMIT_MS } from './mongo-store.js';

/** In one sweep, of each kind. */
const SWEEP_MAX = 2_000;
/** Each by a write of its own. */
const EXPIRED_MAX = 1_000;

/** Leaves out what they say. The server stops when the caller's time limit ends. */
const HEADS: mongo.FindOptions = { projection: { content: 0 }, maxTimeMS: READ_LIMIT_MS };
const COUNTING: mongo.CountDocumentsOptions = { maxTimeMS: READ_LIMIT_MS };

/** A message that its bot has still to pull, and until when; see `isAwaited`. */
export interface Awaited {
  readonly _id: string;
  readonly until: Date;
}

/** Messages in MongoDB, found by account and place. It knows nothing of leases, or of when an account is due. */
export class MongoMessageRecords {
  readonly #records: Collection<MessageRecord>;

  constructor(
    store: MongoStore,
    private readonly log: Log,
  ) {
    this.#records = store.collection(MESSAGES);
  }

  /** @returns those that were not there yet. */
  async insert<T extends MessageRecord | KnownRecord>(records: readonly T[]): Promise<readonly T[]> {
    if (records.length === 0) return records;
    try {
      await this.#records.insertMany(records as unknown as MessageRecord[], { ordered: false });
      return records;
    } catch (error) {
      if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
      const refused = [error.writeErrors].flat();
      if (refused.length === 0 || !refused.every(isDuplicateKey)) throw error;
      const known = new Set(refused.map(({ index }) => index));
      return records.filter((_, n) => !known.has(n));
    }
  }

  countWaiting(account: string): Promise<number> {
    return this.#records.countDocuments({ account, state: 'waiting' }, COUNTING);
  }

  /** The first that waits, without what it says. */
  async firstWaiting(account: string): Promise<Pick<MessageHead, 'page' | 'msgid'> | null> {
    return this.#records.findOne({ account, state: 'waiting' }, { ...HEADS, sort: { seq: 1 } });
  }

  /** The highest number among the account's messages; `null` when it has none. */
  async lastSeq(account: string): Promise<number | null> {
    const kept: mongo.Filter<MessageRecord> = { account, state: { $in: ['waiting', 'dead'] } };
    const last = await this.#records.findOne(kept, { projection: { seq: 1 }, sort: { seq: -1 } });
    return last?.seq ?? null;
  }

  async isWaiting(_id: string): Promise<boolean> {
    return (await this.#records.countDocuments({ _id, state: 'waiting' }, COUNTING)) === 1;
  }

  /** What goes next, and when the first one that waits is due: see `next` and `release`. */
  async look(
    account: string,
    order: MessageOrder,
    nowMs: number,
    isProbe: boolean,
    awaited: Awaited | null,
  ): Promise<{ readonly next: string | null; readonly dueAt: Date | null }> {
    const projection = { lane: 1, dueAt: 1 };
    const waiting = this.#records
      .find({ state: 'waiting', account }, { projection })
      .sort({ seq: 1 })
      .limit(order === 'account' ? 1 : 0);
    const lanes = new Set<string>();
    let dueAt: Date | null = null;
    for await (const record of waiting) {
      if (lanes.has(record.lane)) continue;
      lanes.add(record.lane);
      const isHeldUp = awaited !== null && record._id !== awaited._id;
      const own = record.dueAt ?? LONG_AGO;
      const at = isHeldUp && own < awaited.until ? awaited.until : own;
      if (dueAt === null || at < dueAt) dueAt = at;
      const isEarly = isProbe && awaited === null;
      if (!isHeldUp && (isEarly || at.getTime() <= nowMs)) return { next: record._id, dueAt };
    }
    return { next: null, dueAt };
  }

  /** A record that cannot be read is left, in a state that blocks nothing. @returns `null` for it, and for a known one. */
  async read(_id: string): Promise<Message | null> {
    const record = await this.#records.findOne({ _id });
    const message = record === null ? null : fromRecord(record);
    if (record === null || message !== null || record.state === KNOWN) return message;
    const { matchedCount } = await this.#records.updateOne(
      { _id, state: record.state },
      { $set: { state: UNREADABLE } },
    );
    if (matchedCount === 1) sayUnreadable(this.log, _id);
    return null;
  }

  async makeDue(accounts: readonly string[], nowMs: number): Promise<void> {
    const now = new Date(nowMs);
    await this.#records.updateMany(
      { state: 'waiting', account: { $in: [...accounts] }, dueAt: { $gt: now } },
      { $set: { dueAt: now } },
    );
  }

  /** @returns whether nothing but its id was left. */
  async putBack(record: MessageRecord): Promise<boolean> {
    const { _id, ...fields } = record;
    const { matchedCount } = await this.#records.updateOne({ _id, state: KNOWN }, { $set: fields });
    return matchedCount === 1;
  }

  /** @returns whether there was such a message in one of these states. */
  async change(
    _id: string,
    states: MessageRecord['state'][],
    update: mongo.UpdateFilter<MessageRecord>,
  ): Promise<boolean> {
    const { matchedCount } = await this.#records.updateOne({ _id, state: { $in: states } }, update);
    return matchedCount === 1;
  }

  /** @param from where the page began that they are of; `null` forgets all. @returns how many waited. */
  async forgetWaiting(account: string, nowMs: number, from: string | null): Promise<number> {
    const update = asKnown(nowMs + SEEN_MS);
    const ofPage = from === null ? {} : { 'page.cursor': from };
    return (await this.#records.updateMany({ account, state: 'waiting', ...ofPage }, update)).matchedCount;
  }

  /** @returns how many waited. */
  async removeWaiting(account: string): Promise<number> {
    return (await this.#records.deleteMany({ account, state: 'waiting' })).deletedCount;
  }

  /** @returns whether it waited or was dead. */
  async drop(_id: string): Promise<boolean> {
    const kept: MessageRecord['state'][] = ['waiting', 'dead'];
    const record = await this.#records.findOne({ _id, state: { $in: kept } }, HEADS);
    if (record === null) return false;
    return this.change(_id, kept, asKnown((toHead(record)?.storedAtMs ?? 0) + SEEN_MS));
  }

  async list(
    { states, corpId, openKfId }: MessageFilter,
    cursor: string | null,
    limit: number,
  ): Promise<MessagePage> {
    const { account, seq } = fromCursor(cursor);
    const filter: mongo.Filter<MessageRecord> = {
      state: { $in: [...states] },
      ...(corpId !== null && { corpId }),
      ...(openKfId !== null && { openKfId }),
      $or: [{ account: { $gt: account } }, { account, seq: { $gt: seq } }],
    };
    const records = await this.#records
      .find(filter, HEADS)
      .sort({ account: 1, seq: 1 })
      .limit(limit + 1)
      .toArray();
    const page = records.slice(0, limit);
    const last = page.at(-1);
    return {
      messages: page.map(toHead).filter((head) => head !== null),
      cursor: records.length > limit && last !== undefined ? toCursor(last.account, last) : null,
    };
  }

  /** @param account `null` counts those of all. */
  async counts(account: string | null): Promise<MessageCounts> {
    const of = account === null ? {} : { account };
    const [waiting, dead, oldest] = await Promise.all([
      this.#records.countDocuments({ ...of, state: 'waiting' }, COUNTING),
      this.#records.countDocuments({ ...of, state: 'dead' }, COUNTING),
      this.#records.findOne(
        { ...of, state: 'waiting' },
        { sort: account === null ? { storedAt: 1 } : { seq: 1 }, projection: { storedAt: 1 } },
      ),
    ]);
    return { waiting, dead, oldestWaitingAtMs: oldest?.storedAt?.getTime() ?? null };
  }

  /** As `isExpired` says. */
  async listExpired(nowMs: number): Promise<readonly MessageHead[]> {
    const longAgo = { $lte: new Date(nowMs - MESSAGE_LIFE_MS) };
    const isLast = [{ step: { $gt: 0 } }, { lastFailure: null }, { dueAt: longAgo }];
    const found = this.#records.find({ state: 'waiting', storedAt: longAgo, $or: isLast }, HEADS);
    return (await found.limit(EXPIRED_MAX).toArray()).map(toHead).filter((head) => head !== null);
  }

  async sweep(nowMs: number): Promise<void> {
    const over = { keptUntil: { $lte: new Date(nowMs) } };
    const idsOf = async (state: KnownRecord['state']): Promise<string[]> => {
      const found = this.#records.find({ state, ...over }, { projection: { _id: 1 } });
      return (await found.limit(SWEEP_MAX).toArray()).map(({ _id }) => _id);
    };
    const [dead, known] = await Promise.all([idsOf('dead'), idsOf(KNOWN)]);
    if (dead.length > 0) {
      const update = asKnown(nowMs + SEEN_MS);
      await this.#records.updateMany({ _id: { $in: dead }, state: 'dead', ...over }, update);
    }
    if (known.length > 0) await this.#records.deleteMany({ _id: { $in: known }, state: KNOWN, ...over });
  }
}
