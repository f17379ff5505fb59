import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type Collection, mongo } from 'mongoose';
import {
  type AccountEntries,
  type Entry,
  ENTRY_STATES,
  type EntryCounts,
  type EntryFilter,
  type EntryPage,
  type KnownEntry,
  type LanePage,
  type StoredState,
} from '../queue/entry.js';
import { claimableAtMs, isLine, type Line, lineKey, type LineKind, type LineState } from '../queue/line.js';
import {
  type EntryChange,
  type KeptLine,
  type LineCount,
  type LineFilter,
  type LineGroup,
  type LineOrder,
  type LinePlace,
  QueueStore,
} from '../queue/queue-store.js';
import { LOG, type Log } from '../../kernel/log.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import { sayUnreadableLine, sayUnreadableMessage } from '../queue/unreadable.js';
import { type Index, isDuplicateKey, MongoStore, type Operation, READ_LIMIT_MS } from './mongo-store.js';
import { accountKey, type Addressee, readAccountKey } from '../../kernel/account.js';

/*
 * Both collections are ours alone and written by the driver itself: mongoose's schemas would cast a value of another type, and so
 * hide a damaged record. Times are epoch milliseconds.
 */
export const LINES = 'wxkflines';
export const MESSAGES = 'wxkfmessages';

/** The state of a record that was set aside because it cannot be read. */
export const UNREADABLE = 'unreadable';
/** The state of an entry of which only the key is left. */
export const KNOWN = 'known' satisfies StoredState;

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

/** The fields of a known entry. */
type KnownRecord = Pick<EntryRecord, '_id' | 'state' | 'knownUntilMs'>;

/** The details are fields beside the others. */
export interface EntryRecord extends Omit<Entry, 'key' | 'state' | 'details' | 'content'> {
  readonly _id: string;
  /** `accountKey`. */
  readonly account: string;
  readonly state: StoredState | typeof UNREADABLE;
  readonly content: string;
  /** Of a known entry alone. */
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

/** The server stops when the caller's time limit ends. Bytes are given as a `Buffer`. */
const READING = { maxTimeMS: READ_LIMIT_MS, promoteBuffers: true } as const;
/** Without bodies, which may be large. */
const LINE_HEADS = { ...READING, projection: { body: 0 } } as const;
/** Without contents. */
const ENTRY_HEADS = { ...READING, projection: { content: 0 } } as const;

type LineQuery = mongo.Filter<LineRecord>;
type EntryQuery = mongo.Filter<EntryRecord>;

interface AccountGroup {
  readonly _id: string;
  readonly waiting: number;
  readonly dead: number;
  readonly oldest: number | null;
}

/**
 * Lines and entries of all processes on one database. A write changes one record, or records that do not depend on each other. Its
 * condition says what must still be so.
 */
@Injectable()
export class MongoQueueStore extends QueueStore {
  override readonly isShared = true;
  readonly #lines: Collection<LineRecord>;
  readonly #entries: Collection<EntryRecord>;

  constructor(
    private readonly store: MongoStore,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
    this.#lines = store.collection(LINES, LINE_INDEXES);
    this.#entries = store.collection(MESSAGES, MESSAGE_INDEXES);
  }

  // Lines.

  override async find(key: string): Promise<KeptLine | null> {
    const record = await this.store.run('find line', () => this.#lines.findOne({ _id: key }, READING));
    return record === null ? null : this.#toKept(record);
  }

  override async write(before: KeptLine | null, after: KeptLine | null): Promise<boolean> {
    if (after === null) return before === null || this.#remove(before);
    return before === null ? this.#insert(after) : this.#replace(before, after);
  }

  override async listClaimable(
    kind: LineKind,
    nowMs: number,
    limit: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly KeptLine[]> {
    const except = [...exceptEndpoints].map((one) => (one.startsWith('@') ? endingWith(one) : one));
    const free = except.length === 0 ? {} : { endpoint: { $nin: except } };
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
      kind,
      ...toQuery(filter),
      _id: keysOf(kind, filter, isByAccount ? after : null),
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

  override count(kind: LineKind): Promise<readonly LineCount[]> {
    const countIn = async (state: LineCount['state']): Promise<LineCount> => {
      const sort = { waitingSinceMs: 1 } as const;
      const found = { kind, state, waitingSinceMs: { $gt: 0 } };
      const [lines, first] = await Promise.all([
        this.#lines.countDocuments({ kind, state }, READING),
        this.#lines.findOne(found, { ...READING, sort, projection: sort }),
      ]);
      return { state, stage: null, lines, sinceMs: first?.waitingSinceMs ?? 0 };
    };
    return this.store.run('count lines', async () => {
      const states = ['waiting', 'dead', UNREADABLE] as const;
      const counts = await Promise.all([...states.map(countIn), this.#countParked(kind)]);
      return counts.flat().filter(({ lines }) => lines > 0);
    });
  }

  override countWithoutEndpoint(kind: LineKind, corpId: string): Promise<number> {
    return this.store.run('count lines', () =>
      this.#lines.countDocuments({ kind, corpId, endpoint: null }, READING),
    );
  }

  override async group(kind: LineKind, beforeMs: number, afterMs: number): Promise<readonly LineGroup[]> {
    const pipeline = groupsOf(kind, beforeMs, afterMs);
    const groups = await this.store.run('group lines', () =>
      this.#lines.aggregate<GroupRecord>(pipeline, { maxTimeMS: READ_LIMIT_MS }).toArray(),
    );
    return groups.map(({ _id: { state, corpId, endpoint = null, stage = null }, ...same }) => ({
      state,
      corpId,
      endpoint,
      stage,
      ...same,
    }));
  }

  // Entries.

  override addEntries(entries: readonly Entry[], known: readonly KnownEntry[]): Promise<ReadonlySet<string>> {
    const records = [...entries.map(toEntryRecord), ...known.map(toKnownRecord)];
    const keysWithout = (refused: ReadonlySet<number>): ReadonlySet<string> =>
      new Set(entries.filter((_, n) => !refused.has(n)).map(({ key }) => key));
    if (records.length === 0) return Promise.resolve(new Set());
    return this.#write('add messages', async () => {
      try {
        await this.#entries.insertMany(records as EntryRecord[], { ordered: false });
        return keysWithout(new Set());
      } catch (error) {
        if (!(error instanceof mongo.MongoBulkWriteError)) throw error;
        const refused = [error.writeErrors].flat();
        if (refused.length === 0 || !refused.every(isDuplicateKey)) throw error;
        return keysWithout(new Set(refused.map(({ index }) => index)));
      }
    });
  }

  override listEntries(
    filter: EntryFilter,
    { by, limit, after, withContent }: EntryPage,
  ): Promise<readonly Entry[]> {
    const behindIt = after && {
      $or: [{ account: { $gt: after.account } }, { account: after.account, seq: { $gt: after.seq } }],
    };
    const query: EntryQuery = { ...toEntryQuery(filter), ...behindIt };
    const sort: mongo.Sort = by === 'place' ? { account: 1, seq: 1 } : { storedAtMs: 1 };
    return this.store.run('list messages', async () => {
      const found = this.#entries.find(query, withContent === true ? READING : ENTRY_HEADS).limit(limit);
      // A single record is found by its key. With an order, the database might look for it among all.
      return (await (filter.keys?.length === 1 ? found : found.sort(sort)).toArray()).map(toEntry);
    });
  }

  /** The first of each lane are found without their contents, which come then with those that are wanted. */
  override listFirstOfLanes(
    account: Addressee,
    { by, limit, dueByMs = Infinity, without = new Set(), withContent }: LanePage,
  ): Promise<readonly Entry[]> {
    const waiting: EntryQuery = {
      account: accountKey(account),
      state: 'waiting',
      ...(without.size > 0 && { lane: { $nin: [...without] } }),
    };
    return this.store.run('list first messages', async () => {
      const ids = (await this.#firstOfLanes(waiting))
        .filter(({ dueAtMs }) => dueAtMs <= dueByMs)
        .toSorted((a, b) => a[by] - b[by])
        .slice(0, limit)
        .map(({ id }) => id);
      if (ids.length === 0) return [];
      const query = { ...waiting, _id: { $in: ids } };
      const found = this.#entries.find(query, withContent === true ? READING : ENTRY_HEADS);
      return (await found.sort({ [by]: 1 }).toArray()).map(toEntry);
    });
  }

  override changeEntries(which: EntryFilter, change: EntryChange): Promise<number> {
    const { details, content, ...fields } = change;
    const { corpId, openKfId } = fields;
    const $set = {
      ...fields,
      ...details,
      ...(typeof content === 'string' && { content }),
      ...(corpId !== undefined && openKfId !== undefined && { account: accountKey({ corpId, openKfId }) }),
    };
    const isBack = which.states.includes('known');
    const update = { $set, ...(isBack && { $unset: { knownUntilMs: 1 } as const }) };
    return this.#write('change message', async () => {
      const { matchedCount } = await this.#entries.updateMany(toEntryQuery(which), update);
      return matchedCount;
    });
  }

  override forgetEntries(which: EntryFilter, untilMs: number | null): Promise<number> {
    const query = toEntryQuery(which);
    return this.#write('forget messages', async () => {
      if (untilMs === null) return (await this.#entries.deleteMany(query)).deletedCount;
      if (which.keys?.length !== 1) return this.#forgetAll(query, untilMs);
      return (await this.#entries.replaceOne(query, toKnown(untilMs) as EntryRecord)).matchedCount;
    });
  }

  override countEntries(account: Addressee | null): Promise<EntryCounts> {
    const of = account === null ? {} : { account: accountKey(account) };
    const waitingOf: EntryQuery = { ...of, state: 'waiting' };
    const oldest = async (query: EntryQuery, sort: mongo.Sort): Promise<number> => {
      const options = { ...READING, sort, projection: { storedAtMs: 1 } };
      const found = await this.#entries.findOne<Pick<Entry, 'storedAtMs'>>(query, options);
      return found?.storedAtMs ?? Infinity;
    };
    return this.store.run('count messages', async () => {
      const [waiting, dead, ...firsts] = await Promise.all([
        this.#entries.countDocuments(waitingOf, READING),
        this.#entries.countDocuments({ ...of, state: 'dead' }, READING),
        // Those of one account are found by `seq`. Of the negative ones, and of the others, the first was stored first.
        oldest(waitingOf, account === null ? { storedAtMs: 1 } : { seq: 1 }),
        account === null ? Infinity : oldest({ ...waitingOf, seq: { $gte: 0 } }, { seq: 1 }),
      ]);
      const oldestAtMs = Math.min(...firsts);
      return { waiting, dead, oldestWaitingAtMs: oldestAtMs === Infinity ? null : oldestAtMs };
    });
  }

  override countEntriesByAccount(): Promise<readonly AccountEntries[]> {
    const of = (state: string) => ({ $sum: { $cond: [{ $eq: ['$state', state] }, 1, 0] } });
    const oldest = { $min: { $cond: [{ $eq: ['$state', 'waiting'] }, '$storedAtMs', null] } };
    const pipeline = [
      { $match: { state: { $in: [...ENTRY_STATES] } } },
      { $group: { _id: '$account', waiting: of('waiting'), dead: of('dead'), oldest } },
    ];
    return this.store.run('count messages', async () => {
      const groups = await this.#entries.aggregate<AccountGroup>(pipeline, READING).toArray();
      return groups.map(({ _id, waiting, dead, oldest: oldestWaitingAtMs }) => ({
        ...readAccountKey(_id),
        waiting,
        dead,
        oldestWaitingAtMs,
      }));
    });
  }

  override sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void> {
    const over: EntryQuery = { state: KNOWN, knownUntilMs: { $lte: nowMs } };
    return this.#write('sweep messages', async () => {
      const known = await this.#idsOf(over, SWEEP_MAX);
      await this.#forgetAll(
        { state: 'dead', 'lastFailure.atMs': { $lte: diedBeforeMs } },
        untilMs,
        SWEEP_MAX,
      );
      if (known.length > 0) await this.#entries.deleteMany({ _id: { $in: known }, ...over });
    });
  }

  // Both.

  override async setAside(unreadable: KeptLine | Entry): Promise<void> {
    if ('line' in unreadable)
      return this.#setLineAside(lineKey(unreadable.line.kind, unreadable.line), unreadable.revision);
    const { key: _id, state } = unreadable;
    const isSetAside = await this.#write('set record aside', async () => {
      const update = { $set: { state: UNREADABLE } } as const;
      return (await this.#entries.updateOne({ _id, state }, update)).matchedCount === 1;
    });
    if (isSetAside) sayUnreadableMessage(this.log, _id);
  }

  /** Inserts the record, or replaces one that cannot be read. If any other record is there, the id is a duplicate. */
  #insert({ line, revision }: KeptLine): Promise<boolean> {
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

  #replace(before: KeptLine, { line, revision }: KeptLine): Promise<boolean> {
    const $set = changedFields(toRecord(before.line, before.revision), toRecord(line, revision));
    return this.#write('replace line', async () => {
      const { matchedCount } = await this.#lines.updateOne(asRead(before), { $set });
      return matchedCount === 1;
    });
  }

  #remove(before: KeptLine): Promise<boolean> {
    return this.#write('remove line', async () => {
      const { deletedCount } = await this.#lines.deleteOne(asRead(before));
      return deletedCount === 1;
    });
  }

  async #countParked(kind: LineKind): Promise<readonly LineCount[]> {
    const pipeline = [
      { $match: { kind, state: 'parked' } },
      { $group: { _id: '$lastFailure.stage', lines: { $sum: 1 }, sinceMs: { $min: '$waitingSinceMs' } } },
    ];
    const groups = await this.#lines
      .aggregate<Pick<LineCount, 'lines' | 'sinceMs'> & { _id: string | null }>(pipeline, READING)
      .toArray();
    return groups.map(({ _id: stage, ...same }) => ({ state: 'parked', stage, ...same }));
  }

  async #idsOf(query: EntryQuery, limit: number): Promise<string[]> {
    const found = this.#entries.find(query, { ...READING, projection: { _id: 1 } });
    return (await found.limit(limit).toArray()).map(({ _id }) => _id);
  }

  /** @param limit 0 for all. */
  async #forgetAll(query: EntryQuery, untilMs: number, limit = 0): Promise<number> {
    const replacement = toKnown(untilMs) as EntryRecord;
    const ids = await this.#idsOf(query, limit);
    if (ids.length === 0) return 0;
    const writes = ids.map((_id) => ({ replaceOne: { filter: { ...query, _id }, replacement } }));
    return (await this.#entries.bulkWrite(writes, { ordered: false })).matchedCount;
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

  /** Without their contents. */
  #firstOfLanes(waiting: EntryQuery): Promise<readonly FirstOfLane[]> {
    const first = { id: { $first: '$_id' }, seq: { $first: '$seq' }, dueAtMs: { $first: '$dueAtMs' } };
    const pipeline = [
      { $match: waiting },
      { $project: { lane: 1, seq: 1, dueAtMs: 1 } },
      { $sort: { seq: 1 } },
      { $group: { _id: '$lane', ...first } },
    ];
    return this.#entries.aggregate<FirstOfLane>(pipeline, READING).toArray();
  }

  async #makeMessagesDue(accounts: readonly string[], nowMs: number): Promise<void> {
    await this.#entries.updateMany(
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
      return (await this.write(kept, due)) ? undefined : CONFLICT;
    });
  }
}

/** @param end a replica's id with `@` before it: letters, digits, `_`, `.` and `-`. */
function endingWith(end: string): RegExp {
  return new RegExp(`${end.replaceAll('.', '\\.')}$`);
}

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
function keysOf(kind: LineKind, { corpId, keys }: LineFilter, after: LinePlace | null) {
  const first = corpId === null ? `${kind} ` : lineKey(kind, { corpId, openKfId: '' });
  // '!' is the character after the space, and '0' the character after the slash.
  const end = first.slice(0, -1) + (corpId === null ? '!' : '0');
  const range = { $gt: after !== null && after.key > first ? after.key : first, $lt: end };
  return keys === undefined ? range : { ...range, $in: [...keys] };
}

/** The lines after this place, in the order `waitingSince`. */
function behind({ waitingSinceMs, key }: LinePlace): LineQuery[] {
  return [{ waitingSinceMs: { $gt: waitingSinceMs } }, { waitingSinceMs, _id: { $gt: key } }];
}

interface GroupRecord extends Pick<LineGroup, 'accounts' | 'answered' | 'openKfId' | 'sinceMs'> {
  /** A field that is null may be left out. */
  readonly _id: Pick<LineGroup, 'state' | 'corpId'> & Partial<Pick<LineGroup, 'endpoint' | 'stage'>>;
}

function groupsOf(kind: LineKind, beforeMs: number, afterMs: number): mongo.Document[] {
  const { atMs, status } = { atMs: '$lastFailure.atMs', status: '$lastFailure.status' };
  const waiting = { state: { $in: ['waiting', 'parked'] } };
  const late = [{ $lte: beforeMs }, { $gte: afterMs }].map((waitingSinceMs) => ({
    ...waiting,
    waitingSinceMs,
  }));
  return [
    { $match: { kind, $or: [{ state: 'dead' }, ...late] } },
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

function toEntryQuery(filter: EntryFilter): EntryQuery {
  const { states, keys, corpId, openKfId, lane, pageCursor, seqFrom, storedUntilMs, dueAfterMs } = filter;
  return {
    state: { $in: [...states] },
    ...(keys !== undefined && { _id: { $in: [...keys] } }),
    ...(typeof corpId === 'string' && typeof openKfId === 'string'
      ? { account: accountKey({ corpId, openKfId }) }
      : { ...(corpId != null && { corpId }), ...(openKfId != null && { openKfId }) }),
    ...(lane !== undefined && { lane }),
    ...(pageCursor !== undefined && { 'page.cursor': pageCursor }),
    ...(seqFrom !== undefined && { seq: { $gte: seqFrom } }),
    ...(storedUntilMs !== undefined && { storedAtMs: { $lte: storedUntilMs } }),
    ...(dueAfterMs !== undefined && { dueAtMs: { $gt: dueAfterMs } }),
  };
}

function toEntryRecord({ key: _id, details, content, ...fields }: Entry): EntryRecord {
  return { ...details, _id, account: accountKey(fields), ...fields, content: content ?? '' };
}

/** As it is stored, whatever that is. */
function toEntry(record: EntryRecord): Entry {
  const { _id, account: _account, corpId, openKfId, state, seq, lane, page, dueAtMs, ...others } = record;
  const { storedAtMs, attempts, refusals, step, lastFailure, content = null, ...details } = others;
  return {
    key: _id,
    corpId,
    openKfId,
    state: state as Entry['state'],
    seq,
    lane,
    page,
    dueAtMs,
    storedAtMs,
    attempts,
    refusals,
    step,
    lastFailure,
    details,
    content,
  };
}

function toKnownRecord({ key: _id, untilMs }: KnownEntry): KnownRecord {
  return { _id, ...toKnown(untilMs) };
}

function toKnown(untilMs: number): Omit<KnownRecord, '_id'> {
  return { state: KNOWN, knownUntilMs: untilMs };
}
