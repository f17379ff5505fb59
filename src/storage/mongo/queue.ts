import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Collection, mongo } from 'mongoose';
import { claimableAtMs, isLine, type Line, type LineKind, type LineState, lineKey } from '../queue/line.js';
import {
  isMessageHead,
  type Message,
  MESSAGE_STATES,
  type MessageHead,
  type MessageOrder,
  type MessageState,
  webhookIdOf,
} from '../queue/message.js';
import {
  type KeptLine,
  type KnownMessage,
  type LineCounts,
  type LineFilter,
  type LineGroup,
  type LineOrder,
  type LinePlace,
  type MessageChange,
  type AccountMessages,
  type MessageCounts,
  type MessageFilter,
  type MessagePlace,
  QueueStore,
  type WaitingOf,
} from '../queue/queue-store.js';
import { LOG, type Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import { sayUnreadableLine, sayUnreadableMessage } from '../queue/unreadable.js';
import { type Index, isDuplicateKey, MongoStore, type Operation, READ_LIMIT_MS } from './mongo-store.js';
import { type Addressee, accountKey, readAccountKey } from '../../kernel/account.js';

/*
 * Both collections are ours alone and written by the driver itself: mongoose's schemas would cast a value of another type, and so
 * hide a damaged record. Times are epoch milliseconds.
 */
export const LINES = 'wxkflines';
export const MESSAGES = 'wxkfmessages';

/** The state of a record that was set aside because it cannot be read. */
export const UNREADABLE = 'unreadable';
/** The state of a message of which only the id is left. */
export const KNOWN = 'known';

interface FirstOfLane {
  readonly id: string;
  readonly seq: number;
  readonly dueAtMs: number;
}

export interface LineRecord extends Omit<Line, 'state'> {
  /** `lineKey`. */
  readonly _id: string;
  readonly state: LineState | typeof UNREADABLE;
  /** `null` for never, which no comparison finds. */
  readonly claimableAtMs: number | null;
  readonly revision: string;
}

/** The fields of a known message. */
type KnownRecord = Pick<MessageRecord, '_id' | 'state' | 'knownUntilMs'>;

export interface MessageRecord extends Omit<MessageHead, 'state'> {
  /** `webhookIdOf`. */
  readonly _id: string;
  /** `accountKey`. */
  readonly account: string;
  readonly state: MessageState | typeof UNREADABLE | typeof KNOWN;
  readonly content: string;
  /** Of a known message alone. */
  readonly knownUntilMs?: number;
}

/** The comments name the searches of each index. The index of known ids has no other records in it. */
const LINE_INDEXES: readonly Index[] = [
  /* claimable */ [{ kind: 1, claimableAtMs: 1, endpoint: 1 }],
  /* of an endpoint */ [{ kind: 1, endpoint: 1, probedAtMs: 1, arrivedAtMs: 1 }],
  /* unregistered */ [{ kind: 1, corpId: 1, endpoint: 1 }],
  /* pages and counts */ [{ kind: 1, state: 1, _id: 1 }],
  /* oldest */ [{ kind: 1, state: 1, waitingSinceMs: 1 }],
];
const MESSAGE_INDEXES: readonly Index[] = [
  /* of an account, pages, counts */ [{ state: 1, account: 1, seq: 1 }],
  /* oldest */ [{ state: 1, storedAtMs: 1 }],
  /* died */ [{ 'lastFailure.atMs': 1 }, { sparse: true }],
  /* known */ [{ knownUntilMs: 1 }, { sparse: true }],
];

/** How many dead messages, and how many known ids, one sweep removes. */
const SWEEP_MAX = 2_000;
/** A message on this list may be followed by a write of its own. */
const STORED_BEFORE_MAX = 1_000;

/** The server stops when the caller's time limit ends. Bytes are given as a `Buffer`. */
const READING = { maxTimeMS: READ_LIMIT_MS, promoteBuffers: true } as const;
/** Without bodies, which may be large. */
const LINE_HEADS = { ...READING, projection: { body: 0 } } as const;
/** Without the contents of messages. */
const MESSAGE_HEADS = { ...READING, projection: { content: 0 } } as const;

type LineQuery = mongo.Filter<LineRecord>;
/** What is parked because of a pause, and the rest. */
const PAUSED: LineQuery = { state: 'parked', 'lastFailure.stage': 'paused' };
const PARKED: LineQuery = { state: 'parked', 'lastFailure.stage': { $ne: 'paused' } };
type MessageQuery = mongo.Filter<MessageRecord>;

/**
 * Lines and messages of all processes on one database. A write changes one record, or records that do not depend on each other. Its
 * condition says what must still be so.
 */
interface AccountGroup {
  readonly _id: string;
  readonly waiting: number;
  readonly dead: number;
  readonly oldest: number | null;
}

@Injectable()
export class MongoQueueStore extends QueueStore {
  override readonly isShared = true;
  readonly #lines: Collection<LineRecord>;
  readonly #messages: Collection<MessageRecord>;

  constructor(
    private readonly store: MongoStore,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
    this.#lines = store.collection(LINES, LINE_INDEXES);
    this.#messages = store.collection(MESSAGES, MESSAGE_INDEXES);
  }

  // Lines.

  override async find(key: string): Promise<KeptLine | null> {
    const record = await this.store.run('find line', () => this.#lines.findOne({ _id: key }, READING));
    return record === null ? null : this.#toKept(record);
  }

  /** Inserts the record, or replaces one that cannot be read. If any other record is there, the id is a duplicate. */
  override insert({ line, revision }: KeptLine): Promise<boolean> {
    const { _id, ...fields } = toRecord(line, revision);
    return this.#write('insert line', async () => {
      try {
        await this.#lines.replaceOne({ _id, state: UNREADABLE }, fields, { upsert: true });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  override replace(before: KeptLine, { line, revision }: KeptLine): Promise<boolean> {
    const $set = changedFields(toRecord(before.line, before.revision), toRecord(line, revision));
    return this.#write('replace line', async () => {
      const { matchedCount } = await this.#lines.updateOne(asRead(before), { $set });
      return matchedCount === 1;
    });
  }

  override remove(before: KeptLine): Promise<boolean> {
    return this.#write('remove line', async () => {
      const { deletedCount } = await this.#lines.deleteOne(asRead(before));
      return deletedCount === 1;
    });
  }

  override setAside({ line, revision }: KeptLine): Promise<void> {
    return this.#setLineAside(lineKey(line.kind, line), revision);
  }

  override async listClaimable(
    kind: LineKind,
    nowMs: number,
    limit: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly KeptLine[]> {
    const free = exceptEndpoints.size === 0 ? {} : { endpoint: { $nin: [...exceptEndpoints] } };
    const records = await this.store.run('list claimable lines', () =>
      this.#lines
        .find({ kind, claimableAtMs: { $lte: nowMs }, ...free }, READING)
        .sort({ claimableAtMs: 1 })
        .limit(limit)
        .toArray(),
    );
    const kept = await Promise.all(records.map((record) => this.#toKept(record)));
    return kept.filter((one) => one !== null);
  }

  override async findToProbe(
    kind: LineKind,
    endpoint: string,
    nowMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<KeptLine | null> {
    const ofKeys = keys === undefined ? {} : { _id: { $in: [...keys] } };
    const free: LineQuery = { kind, endpoint, state: 'waiting', 'lease.untilMs': { $not: { $gt: nowMs } } };
    for (;;) {
      const record = await this.store.run('find line to probe', () =>
        this.#lines.findOne({ ...free, ...ofKeys }, { ...READING, sort: { probedAtMs: 1, arrivedAtMs: 1 } }),
      );
      if (record === null) return null;
      const kept = await this.#toKept(record);
      if (kept !== null) return kept;
    }
  }

  override async nextClaimableAtMs(): Promise<null> {
    return null;
  }

  override makeDue(kind: LineKind, endpoint: string, nowMs: number): Promise<void> {
    const later: LineQuery = { kind, endpoint, state: 'waiting', dueAtMs: { $gt: nowMs } };
    return this.#write('make lines due', async () => {
      if (kind === 'messages') {
        const accounts = await this.#lines
          .find({ kind, endpoint, state: 'waiting' }, { projection: { corpId: 1, openKfId: 1 } })
          .map(accountKey)
          .toArray();
        await this.#makeMessagesDue(accounts, nowMs);
      }
      await this.#lines.updateMany(
        { ...later, 'lease.untilMs': { $not: { $gt: nowMs } } },
        { $set: { dueAtMs: nowMs, claimableAtMs: nowMs, revision: randomUUID() } },
      );
      // Those that are being tried now; an endpoint has few.
      const leased = await this.#lines.find(later, { projection: { _id: 1 } }).toArray();
      await Promise.all(leased.map(({ _id }) => this.#makeLeasedDue(_id, nowMs)));
    });
  }

  override async listEndpoints(kind: LineKind): Promise<readonly string[]> {
    const endpoints = await this.store.run('list endpoints', () =>
      this.#lines.distinct('endpoint', { kind, state: 'waiting' }),
    );
    return endpoints.filter((endpoint) => typeof endpoint === 'string');
  }

  override list(
    kind: LineKind,
    filter: LineFilter,
    after: LinePlace | null,
    limit: number,
    order: LineOrder,
  ): Promise<readonly Line[]> {
    const isByAccount = order === 'account';
    const query: LineQuery = {
      ...{ kind, ...toQuery(filter), _id: keysOf(kind, filter.corpId, isByAccount ? after : null) },
      ...(after !== null && !isByAccount && { $or: behind(after) }),
    };
    return this.#listLines('list lines', () =>
      this.#lines
        .find(query, LINE_HEADS)
        .sort(isByAccount ? { _id: 1 } : { waitingSinceMs: 1, _id: 1 })
        .limit(limit)
        .toArray(),
    );
  }

  override findAll(keys: readonly string[]): Promise<readonly Line[]> {
    return this.#listLines('find lines', () =>
      this.#lines.find({ _id: { $in: [...keys] }, state: { $ne: UNREADABLE } }, LINE_HEADS).toArray(),
    );
  }

  /** Has no index: each new line would have to pay for it. */
  override listOfAccount(kind: LineKind, openKfId: string): Promise<readonly Line[]> {
    return this.#listLines('find lines', () =>
      this.#lines.find({ kind, openKfId, state: { $ne: UNREADABLE } }, LINE_HEADS).toArray(),
    );
  }

  override count(kind: LineKind): Promise<LineCounts> {
    const count = (lines: LineQuery) => this.#lines.countDocuments({ kind, ...lines }, READING);
    const oldest = async (lines: LineQuery): Promise<number | null> => {
      const sort = { waitingSinceMs: 1 } as const;
      const found = { kind, ...lines, waitingSinceMs: { $gt: 0 } };
      const first = await this.#lines.findOne(found, { ...READING, sort, projection: sort });
      return first?.waitingSinceMs ?? null;
    };
    return this.store.run('count lines', async () => {
      const [waiting, parked, paused, dead, unreadable, oldestWaitingAtMs, oldestParkedAtMs] =
        await Promise.all([
          count({ state: 'waiting' }),
          count(PARKED),
          count(PAUSED),
          count({ state: 'dead' }),
          count({ state: UNREADABLE }),
          oldest({ state: 'waiting' }),
          oldest(PARKED),
        ]);
      return { waiting, parked, paused, dead, unreadable, oldestWaitingAtMs, oldestParkedAtMs };
    });
  }

  override countUnregistered(kind: LineKind, corpId: string): Promise<number> {
    return this.store.run('count lines', () =>
      this.#lines.countDocuments({ kind, corpId, endpoint: null }, READING),
    );
  }

  override async group(kind: LineKind, beforeMs: number): Promise<readonly LineGroup[]> {
    const groups = await this.store.run('group lines', () =>
      this.#lines.aggregate<GroupRecord>(groupsOf(kind, beforeMs), { maxTimeMS: READ_LIMIT_MS }).toArray(),
    );
    return groups.map(({ _id: { state, corpId, endpoint = null, stage = null }, ...same }) => ({
      ...{ state, corpId, endpoint, stage },
      ...same,
    }));
  }

  // Messages.

  override addMessages(
    messages: readonly Message[],
    known: readonly KnownMessage[],
  ): Promise<ReadonlySet<string>> {
    const records = [...messages.map(toMessageRecord), ...known.map(toKnownRecord)];
    const keysWithout = (refused: ReadonlySet<number>): ReadonlySet<string> =>
      new Set(messages.map(webhookIdOf).filter((_, n) => !refused.has(n)));
    if (records.length === 0) return Promise.resolve(new Set());
    return this.#write('add messages', async () => {
      try {
        await this.#messages.insertMany(records as MessageRecord[], { ordered: false });
        return keysWithout(new Set());
      } catch (error) {
        if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
        const refused = [error.writeErrors].flat();
        if (refused.length === 0 || !refused.every(isDuplicateKey)) throw error;
        return keysWithout(new Set(refused.map(({ index }) => index)));
      }
    });
  }

  override async findMessage(key: string): Promise<Message | null> {
    const [message = null] = await this.#listMessages('find message', toMessage, () =>
      this.#messages.find({ _id: key, state: { $in: KEPT } }, READING).toArray(),
    );
    return message;
  }

  override async listFirst(
    account: Addressee,
    order: MessageOrder,
    limit: number,
    dueAtMs: number | null,
    without: ReadonlySet<string> = new Set(),
  ): Promise<readonly Message[]> {
    const waiting: MessageQuery = { account: accountKey(account), state: 'waiting' };
    if (order === 'customer')
      return this.#listFirstOfLanes({ ...waiting, lane: { $nin: [...without] } }, limit, dueAtMs);
    return this.#listMessages('list first messages', toMessage, () =>
      this.#messages.find(waiting, READING).sort({ seq: 1 }).limit(limit).toArray(),
    );
  }

  override async findFrom(account: Addressee, seq: number): Promise<MessageHead | null> {
    const query: MessageQuery = { account: accountKey(account), state: 'waiting', seq: { $gte: seq } };
    const [first = null] = await this.#listMessages('list first messages', toHead, () =>
      this.#messages.find(query, MESSAGE_HEADS).sort({ seq: 1 }).limit(1).toArray(),
    );
    return first;
  }

  override async listFirstHeads(account: Addressee, limit: number): Promise<readonly MessageHead[]> {
    const waiting: MessageQuery = { account: accountKey(account), state: 'waiting' };
    const ids = firstIds(await this.#firstOfLanes(waiting), limit);
    const firsts = await this.#listMessages('list first messages', toHead, () =>
      this.#messages.find({ ...waiting, _id: { $in: ids } }, MESSAGE_HEADS).toArray(),
    );
    return firsts.toSorted((a, b) => a.seq - b.seq);
  }

  override listLane(account: Addressee, lane: string, limit: number): Promise<readonly MessageHead[]> {
    const query: MessageQuery = { account: accountKey(account), state: 'waiting', lane };
    return this.#listMessages('list first messages', toHead, () =>
      this.#messages.find(query, MESSAGE_HEADS).sort({ seq: 1 }).limit(limit).toArray(),
    );
  }

  override async nextDueAtMs(account: Addressee, order: MessageOrder): Promise<number | null> {
    const waiting: MessageQuery = { account: accountKey(account), state: 'waiting' };
    if (order === 'customer') {
      const lanes = await this.#firstOfLanes(waiting);
      return lanes.length === 0 ? null : Math.min(...lanes.map(({ dueAtMs }) => dueAtMs));
    }
    const options = { ...READING, sort: { seq: 1 }, projection: { dueAtMs: 1 } } as const;
    const first = await this.store.run('list first messages', () => this.#messages.findOne(waiting, options));
    return first?.dueAtMs ?? null;
  }

  override changeMessage(
    key: string,
    states: readonly MessageState[],
    change: MessageChange,
  ): Promise<boolean> {
    return this.#write('change message', async () => {
      const filter = { _id: key, state: { $in: [...states] } };
      return (await this.#messages.updateOne(filter, { $set: change })).matchedCount === 1;
    });
  }

  override forgetMessage(key: string, untilMs: number): Promise<boolean> {
    return this.#write('forget message', async () => {
      const filter = { _id: key, state: { $in: KEPT } };
      return (await this.#messages.replaceOne(filter, toKnown(untilMs) as MessageRecord)).matchedCount === 1;
    });
  }

  override forgetWaiting({ account, pageCursor }: WaitingOf, untilMs: number | null): Promise<number> {
    const waiting: MessageQuery = {
      ...{ account: accountKey(account), state: 'waiting' },
      ...(pageCursor !== null && { 'page.cursor': pageCursor }),
    };
    return this.#write('forget messages', async () => {
      if (untilMs === null) return (await this.#messages.deleteMany(waiting)).deletedCount;
      return (await this.#messages.updateMany(waiting, asKnown(untilMs))).matchedCount;
    });
  }

  override bringBack(message: Message): Promise<boolean> {
    return this.#putOver(KNOWN, message);
  }

  override replaceMessage(message: Message): Promise<boolean> {
    return this.#putOver('waiting', message);
  }

  override forgetIds(keys: readonly string[]): Promise<void> {
    return this.#write('forget messages', async () => {
      await this.#messages.deleteMany({ _id: { $in: [...keys] }, state: KNOWN });
    });
  }

  override makeMessagesDue(account: Addressee, nowMs: number): Promise<void> {
    return this.#write('make messages due', () => this.#makeMessagesDue([accountKey(account)], nowMs));
  }

  override countWaiting(account: Addressee): Promise<number> {
    return this.store.run('count messages', () =>
      this.#messages.countDocuments({ account: accountKey(account), state: 'waiting' }, READING),
    );
  }

  override listMessages(
    { states, corpId, openKfId }: MessageFilter,
    after: MessagePlace | null,
    limit: number,
  ): Promise<readonly MessageHead[]> {
    const query: MessageQuery = {
      state: { $in: [...states] },
      ...(corpId !== null && { corpId }),
      ...(openKfId !== null && { openKfId }),
      ...(after !== null && {
        $or: [{ account: { $gt: after.account } }, { account: after.account, seq: { $gt: after.seq } }],
      }),
    };
    return this.#listMessages('list messages', toHead, () =>
      this.#messages.find(query, MESSAGE_HEADS).sort({ account: 1, seq: 1 }).limit(limit).toArray(),
    );
  }

  override countMessages(account: Addressee | null): Promise<MessageCounts> {
    const of = account === null ? {} : { account: accountKey(account) };
    const waitingOf: MessageQuery = { ...of, state: 'waiting' };
    const oldest = async (query: MessageQuery, sort: mongo.Sort): Promise<number> => {
      const options = { ...READING, sort, projection: { storedAtMs: 1 } };
      const found = await this.#messages.findOne<Pick<MessageHead, 'storedAtMs'>>(query, options);
      return found?.storedAtMs ?? Infinity;
    };
    return this.store.run('count messages', async () => {
      const [waiting, dead, ...firsts] = await Promise.all([
        this.#messages.countDocuments(waitingOf, READING),
        this.#messages.countDocuments({ ...of, state: 'dead' }, READING),
        // The messages of one account are found by `seq`. Of the urgent ones, and of the others, the first was stored first.
        oldest(waitingOf, account === null ? { storedAtMs: 1 } : { seq: 1 }),
        account === null ? Infinity : oldest({ ...waitingOf, seq: { $gte: 0 } }, { seq: 1 }),
      ]);
      const oldestAtMs = Math.min(...firsts);
      return { waiting, dead, oldestWaitingAtMs: oldestAtMs === Infinity ? null : oldestAtMs };
    });
  }

  override countMessagesByAccount(): Promise<readonly AccountMessages[]> {
    const of = (state: string) => ({ $sum: { $cond: [{ $eq: ['$state', state] }, 1, 0] } });
    const oldest = { $min: { $cond: [{ $eq: ['$state', 'waiting'] }, '$storedAtMs', null] } };
    const pipeline = [
      { $match: { state: { $in: KEPT } } },
      { $group: { _id: '$account', waiting: of('waiting'), dead: of('dead'), oldest } },
    ];
    return this.store.run('count messages', async () => {
      const groups = await this.#messages.aggregate<AccountGroup>(pipeline, READING).toArray();
      return groups.map(({ _id, waiting, dead, oldest: oldestWaitingAtMs }) => ({
        ...readAccountKey(_id),
        ...{ waiting, dead, oldestWaitingAtMs },
      }));
    });
  }

  override listStoredBefore(atMs: number): Promise<readonly MessageHead[]> {
    const query: MessageQuery = { state: 'waiting', storedAtMs: { $lte: atMs } };
    return this.#listMessages('list old messages', toHead, () =>
      this.#messages.find(query, MESSAGE_HEADS).sort({ storedAtMs: 1 }).limit(STORED_BEFORE_MAX).toArray(),
    );
  }

  override sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void> {
    const died: MessageQuery = { state: 'dead', 'lastFailure.atMs': { $lte: diedBeforeMs } };
    const over: MessageQuery = { state: KNOWN, knownUntilMs: { $lte: nowMs } };
    const idsOf = async (query: MessageQuery): Promise<string[]> => {
      const found = this.#messages.find(query, { ...READING, projection: { _id: 1 } });
      return (await found.limit(SWEEP_MAX).toArray()).map(({ _id }) => _id);
    };
    return this.#write('sweep messages', async () => {
      const [dead, known] = await Promise.all([idsOf(died), idsOf(over)]);
      if (dead.length > 0) await this.#messages.updateMany({ _id: { $in: dead }, ...died }, asKnown(untilMs));
      if (known.length > 0) await this.#messages.deleteMany({ _id: { $in: known }, ...over });
    });
  }

  #putOver(state: 'known' | 'waiting', message: Message): Promise<boolean> {
    const { _id, ...fields } = toMessageRecord(message);
    return this.#write('put message', async () => {
      const { matchedCount } = await this.#messages.replaceOne({ _id, state }, fields);
      return matchedCount === 1;
    });
  }

  /** A write has no time limit: it ends when its outcome is known. */
  #write<T>(what: Operation, write: () => Promise<T>): Promise<T> {
    return this.store.run(what, write, null);
  }

  /** @returns `null` for what cannot be read, which is set aside. */
  async #toKept(record: LineRecord): Promise<KeptLine | null> {
    const { _id, claimableAtMs: _claimableAtMs, revision, ...line } = record;
    if (isLine(_id, line)) return { line, revision };
    if (record.state !== UNREADABLE) await this.#setLineAside(_id, revision);
    return null;
  }

  async #setLineAside(_id: string, revision: string): Promise<void> {
    const isSetAside = await this.#write('set record aside', async () => {
      const filter: LineQuery = { ...withRevision(_id, revision), state: { $ne: UNREADABLE } };
      const set = { state: UNREADABLE, claimableAtMs: null } as const;
      return (await this.#lines.updateOne(filter, { $set: set })).matchedCount === 1;
    });
    if (isSetAside) sayUnreadableLine(this.log, _id);
  }

  /** Reads again after a record was set aside, so that the page is complete all the same. */
  async #listLines(what: Operation, read: () => Promise<readonly LineRecord[]>): Promise<readonly Line[]> {
    for (;;) {
      const records = await this.store.run(what, read);
      const kept = await Promise.all(records.map((record) => this.#toKept({ ...record, body: null })));
      if (!kept.includes(null)) return kept.flatMap((one) => one?.line ?? []);
    }
  }

  async #listMessages<T>(
    what: Operation,
    fromRecord: (record: MessageRecord) => T | null,
    read: () => Promise<readonly MessageRecord[]>,
  ): Promise<readonly T[]> {
    for (;;) {
      const records = await this.store.run(what, read);
      const messages = records.map(fromRecord);
      if (!messages.includes(null)) return messages.filter((message) => message !== null);
      await Promise.all(
        records.filter((_, n) => messages[n] === null).map((one) => this.#setMessageAside(one)),
      );
    }
  }

  async #setMessageAside({ _id, state }: MessageRecord): Promise<void> {
    const isSetAside = await this.#write('set record aside', async () => {
      const update = { $set: { state: UNREADABLE } } as const;
      return (await this.#messages.updateOne({ _id, state }, update)).matchedCount === 1;
    });
    if (isSetAside) sayUnreadableMessage(this.log, _id);
  }

  async #listFirstOfLanes(
    waiting: MessageQuery,
    limit: number,
    dueAtMs: number | null,
  ): Promise<readonly Message[]> {
    const all = await this.#firstOfLanes(waiting);
    const due = firstIds(
      all.filter((first) => dueAtMs === null || first.dueAtMs <= dueAtMs),
      limit,
    );
    if (due.length === 0) return [];
    const firsts = await this.#listMessages('list first messages', toMessage, () =>
      this.#messages.find({ ...waiting, _id: { $in: due } }, READING).toArray(),
    );
    return firsts.toSorted((a, b) => a.seq - b.seq);
  }

  /** Without their contents. */
  #firstOfLanes(waiting: MessageQuery): Promise<readonly FirstOfLane[]> {
    const first = { id: { $first: '$_id' }, seq: { $first: '$seq' }, dueAtMs: { $first: '$dueAtMs' } };
    const pipeline = [
      { $match: waiting },
      { $project: { lane: 1, seq: 1, dueAtMs: 1 } },
      { $sort: { seq: 1 } },
      { $group: { _id: '$lane', ...first } },
    ];
    return this.store.run('list first messages', () =>
      this.#messages.aggregate<FirstOfLane>(pipeline, READING).toArray(),
    );
  }

  async #makeMessagesDue(accounts: readonly string[], nowMs: number): Promise<void> {
    await this.#messages.updateMany(
      {
        state: 'waiting',
        account: accounts.length === 1 ? (accounts[0] as string) : { $in: accounts },
        dueAtMs: { $gt: nowMs },
      },
      { $set: { dueAtMs: nowMs } },
    );
  }

  /** The line is claimable when its running lease ends. */
  async #makeLeasedDue(key: string, nowMs: number): Promise<void> {
    await untilNoConflict(async () => {
      const kept = await this.find(key);
      if (kept === null || kept.line.dueAtMs === null || kept.line.dueAtMs <= nowMs) return;
      const due = { line: { ...kept.line, dueAtMs: nowMs }, revision: randomUUID() };
      return (await this.replace(kept, due)) ? undefined : CONFLICT;
    });
  }
}

function firstIds(firsts: readonly FirstOfLane[], limit: number): string[] {
  const inOrder = firsts.toSorted((a, b) => a.seq - b.seq);
  return inOrder.slice(0, limit).map(({ id }) => id);
}

const KEPT: MessageRecord['state'][] = [...MESSAGE_STATES];

function toRecord({ body, ...head }: Line, revision: string): LineRecord {
  return { _id: lineKey(head.kind, head), ...head, claimableAtMs: claimableAtMs(head), body, revision };
}

/** The fields whose value has changed. A step that changes an object makes a new one. */
function changedFields(before: LineRecord, after: LineRecord): Partial<LineRecord> {
  const fields = Object.entries(after) as [keyof LineRecord, unknown][];
  return Object.fromEntries(fields.filter(([name, value]) => before[name] !== value));
}

function asRead({ line, revision }: KeptLine): LineQuery {
  return withRevision(lineKey(line.kind, line), revision);
}

/** Also compares what another program has left there for a revision. `null` matches a missing one. */
function withRevision(_id: string, revision: string): LineQuery {
  return { _id, revision: { $eq: revision ?? null } };
}

function toQuery({ corpId, openKfId, states, stage, arrivedFromMs, arrivedBeforeMs }: LineFilter): LineQuery {
  const bounds = {
    ...(arrivedFromMs !== undefined && { $gte: arrivedFromMs }),
    ...(arrivedBeforeMs !== undefined && { $lt: arrivedBeforeMs }),
  };
  return {
    state: { $in: [...states] },
    ...(corpId !== null && { corpId }),
    ...(openKfId !== undefined && { openKfId }),
    ...(stage !== undefined && { 'lastFailure.stage': stage }),
    ...(Object.keys(bounds).length > 0 && { arrivedAtMs: bounds }),
  };
}

/** The keys of the kind, of the corp or of all corps, from after this place. */
function keysOf(kind: LineKind, corpId: string | null, after: LinePlace | null) {
  const first = corpId === null ? `${kind} ` : lineKey(kind, { corpId, openKfId: '' });
  // '!' is the character after the space, and '0' the character after the slash.
  const end = first.slice(0, -1) + (corpId === null ? '!' : '0');
  return { $gt: after !== null && after.key > first ? after.key : first, $lt: end };
}

/** The lines after this place, in the order `waitingSince`. */
function behind({ waitingSinceMs, key }: LinePlace): LineQuery[] {
  return [{ waitingSinceMs: { $gt: waitingSinceMs } }, { waitingSinceMs, _id: { $gt: key } }];
}

interface GroupRecord extends Pick<LineGroup, 'accounts' | 'answered' | 'openKfId' | 'sinceMs'> {
  /** A field that is null may be left out. */
  readonly _id: Pick<LineGroup, 'state' | 'corpId'> & Partial<Pick<LineGroup, 'endpoint' | 'stage'>>;
}

function groupsOf(kind: LineKind, beforeMs: number): mongo.Document[] {
  const { atMs, status } = { atMs: '$lastFailure.atMs', status: '$lastFailure.status' };
  const waiting = { state: { $in: ['waiting', 'parked'] }, waitingSinceMs: { $lte: beforeMs } };
  return [
    { $match: { kind, $or: [{ state: 'dead' }, waiting] } },
    {
      $group: {
        _id: { state: '$state', corpId: '$corpId', endpoint: '$endpoint', stage: '$lastFailure.stage' },
        accounts: { $sum: 1 },
        openKfId: { $min: '$openKfId' },
        // MongoDB compares documents by their first field, so the latest answer counts.
        answered: { $max: { $cond: [{ $gt: [status, null] }, { atMs, status }, null] } },
        sinceMs: { $min: '$waitingSinceMs' },
      },
    },
  ];
}

function toMessageRecord({ content, ...head }: Message): MessageRecord {
  return { _id: webhookIdOf(head), account: accountKey(head), ...head, content: content.reveal() };
}

function toKnownRecord({ untilMs, ...message }: KnownMessage): KnownRecord {
  return { _id: webhookIdOf(message), ...toKnown(untilMs) };
}

function toKnown(untilMs: number): Omit<KnownRecord, '_id'> {
  return { state: KNOWN, knownUntilMs: untilMs };
}

/** Deletes all of a message but its id. */
function asKnown(untilMs: number) {
  return { $set: toKnown(untilMs), $unset: MESSAGE_FIELDS } as const;
}

const MESSAGE_FIELDS: Readonly<Record<Exclude<keyof MessageRecord, keyof KnownRecord>, 1>> = {
  account: 1,
  corpId: 1,
  openKfId: 1,
  msgid: 1,
  type: 1,
  origin: 1,
  lane: 1,
  sentAtMs: 1,
  skip: 1,
  seq: 1,
  page: 1,
  storedAtMs: 1,
  attempts: 1,
  refusals: 1,
  step: 1,
  dueAtMs: 1,
  lastFailure: 1,
  merged: 1,
  content: 1,
};

/** @returns `null` for a record that does not have the shape of a message. */
function toMessage(record: MessageRecord): Message | null {
  const { content } = record;
  const head = toHead(record);
  return head === null || typeof content !== 'string' ? null : { ...head, content: new Secret(content) };
}

/** The same without the content. */
function toHead({ _id, account: _account, content: _content, ...head }: MessageRecord): MessageHead | null {
  return isMessageHead(_id, head) ? head : null;
}
