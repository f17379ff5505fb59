import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import {
  datedOf,
  type Failure,
  HINT_STATES,
  type Hint,
  type HintHead,
  hintKey,
  merge,
  type NewHint,
  toReplayed,
  toWaiting,
} from '../../dispatch/outbox/hint.js';
import {
  type ClaimedHint,
  type Held,
  type HintFilter,
  type HintGroup,
  type HintOrder,
  type HintPage,
  type Kept,
  Outbox,
  type OutboxCounts,
  readSinceCursor,
  type Rescheduled,
} from '../../dispatch/outbox/outbox.js';
import { Clock } from '../../kernel/clock.js';
import { failpoint } from '../../kernel/failpoint.js';
import { LOG, type Log } from '../../kernel/log.js';
import { accountKey } from '../../registry/puppet.js';
import { sayUnreadable } from '../unreadable-hint.js';
import { CONFLICT, untilNoConflict } from '../compare-and-set.js';
import { toFailureRecord } from './failure.schema.js';
import { fromRecord, HINTS, type HintRecord, toHeadRecord, toRecord, UNREADABLE } from './hint.schema.js';
import { isDuplicateKey, MongoStore, type Operation, READ_LIMIT_MS } from './mongo-store.js';
import { UnregisteredRoom } from './unregistered-room.js';

/** A record as it was read. */
interface Read {
  readonly record: HintRecord;
  /** `null` when it cannot be read. */
  readonly hint: Hint | null;
}

const FREED = { leaseId: null, leasedUntil: null } as const;

/**
 * The outbox of all processes on one database. Each write is of one record and says in its condition what must
 * still be so; where the new fields depend on the old ones, that is the revision that was read.
 */
@Injectable()
export class MongoOutbox extends Outbox {
  override readonly isShared = true;
  readonly #records: Collection<HintRecord>;
  readonly #unregistered: UnregisteredRoom;

  constructor(
    private readonly store: MongoStore,
    clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
    this.#records = store.collection(HINTS);
    this.#unregistered = new UnregisteredRoom(clock, (corpId) =>
      this.#records.countDocuments({ corpId, endpoint: null }),
    );
  }

  override put(put: NewHint, nowMs: number): Promise<Kept> {
    const key = hintKey(put.event);
    // Mostly nothing waits for the account, which the insert tells. What needs room must know before.
    let isFirst = put.dueAtMs !== null;
    const keep = async (): Promise<Kept | typeof CONFLICT> => {
      const before = isFirst ? null : await this.#read(key);
      isFirst = false;
      const hint = merge(before?.hint ?? null, put, nowMs);
      failpoint('outbox.putting');
      const write = () => (before === null ? this.#insert(hint) : this.#replace(before.record, hint));
      const needsRoom = before === null && put.dueAtMs === null;
      const isKept = needsRoom ? this.#unregistered.fill(put.event.corpId, write) : write();
      if (!(await isKept)) return CONFLICT;
      return {
        generation: hint.generation,
        dated: datedOf(hint),
        replaced: before?.hint?.generation ?? null,
        leaseId: hint.lease?.id ?? null,
        dueAtMs: hint.dueAtMs,
      };
    };
    return this.store.run('keep hint', () => untilNoConflict(keep), null);
  }

  override claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly ClaimedHint[]> {
    return this.store.run('claim due hints', async () => {
      const due = await this.#records
        .find({ claimableAt: { $lte: new Date(nowMs) }, endpoint: { $nin: [...exceptEndpoints] } })
        .sort({ claimableAt: 1 })
        .limit(limit)
        .toArray();
      const claims = await Promise.all(due.map((record) => this.#claim(record, nowMs, leaseMs)));
      return claims.filter((hint) => hint !== null);
    });
  }

  override claimOldest(
    endpoint: string,
    nowMs: number,
    leaseMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<ClaimedHint | null> {
    const until = new Date(nowMs + leaseMs);
    const ofKeys = keys === undefined ? {} : { _id: { $in: [...keys] } };
    const leased = { leaseId: randomUUID(), leasedUntil: until };
    return this.store.run('claim oldest hint', async () => {
      for (;;) {
        const set = { ...leased, probedAt: new Date(nowMs), revision: randomUUID() };
        const before = await this.#records.findOneAndUpdate(
          { ...ofKeys, state: 'waiting', endpoint, ...unleased(nowMs) },
          { $set: set, $max: { claimableAt: until } },
          // Those that never were, first.
          { sort: { probedAt: 1, arrivedAt: 1 }, returnDocument: 'before' },
        );
        if (before === null) return null;
        const { hint } = await this.#toRead({ ...before, ...set });
        const lease = { id: leased.leaseId, untilMs: until.getTime() };
        if (hint !== null) return { ...hint, lease, isTakenOver: before.leaseId !== null };
      }
    });
  }

  override claimOf(
    key: string,
    endpoint: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<ClaimedHint | null> {
    return this.store.run('claim hint', () =>
      this.#change(key, (hint) => ({
        ...toWaiting(hint, endpoint, nowMs),
        lease: { id: randomUUID(), untilMs: nowMs + leaseMs },
        isTakenOver: hint.lease !== null,
      })),
    );
  }

  override async renew(held: Held, nowMs: number, leaseMs: number): Promise<boolean> {
    if (held.leaseId === null) return false;
    const until = new Date(nowMs + leaseMs);
    return this.#update('renew lease', isHeld(held, nowMs), {
      $set: { leasedUntil: until },
      $max: { claimableAt: until },
    });
  }

  override async settle(held: Held, nowMs: number): Promise<void> {
    const { generation } = held;
    const { deletedCount } = await this.store.run('settle hint', () =>
      this.#records.deleteOne({ ...isHeld(held, nowMs), generation }),
    );
    // What its bot took, none waits for any more.
    if (deletedCount === 0) await this.#freeNewer(held, nowMs, await this.#arrivalOfNewer(held, nowMs));
  }

  override async reschedule(held: Held, next: Rescheduled, nowMs: number): Promise<void> {
    const { attempts, step, dueAtMs, endpoint, failure, newer } = next;
    const tried = { ...(endpoint !== null && { endpoint }), lastFailure: toFailureRecord(failure), ...FREED };
    const state = dueAtMs === null ? 'parked' : 'waiting';
    const isSame = await this.#update(
      'reschedule hint',
      { ...isHeld(held, nowMs), generation: held.generation },
      { $set: { ...tried, state, attempts, step, ...dueAt(dueAtMs) } },
    );
    if (isSame) return;
    await this.#update('reschedule newer hint', isNewer(held, nowMs), {
      $set: { ...tried, step: newer.step, ...dueAt(newer.dueAtMs) },
    });
  }

  override async release(held: Held, dueAtMs: number, nowMs: number): Promise<void> {
    await this.#update(
      'release hint',
      { ...isHeld(held, nowMs), state: 'waiting' },
      { $set: { ...FREED, ...dueAt(dueAtMs) } },
    );
  }

  override async bury(held: Held, failure: Failure, nowMs: number): Promise<boolean> {
    const isBuried = await this.#update(
      'bury hint',
      { ...isHeld(held, nowMs), generation: held.generation },
      { $set: { state: 'dead', lastFailure: toFailureRecord(failure), ...FREED, ...dueAt(null) } },
    );
    if (!isBuried) await this.#freeNewer(held, nowMs);
    return isBuried;
  }

  override async wake(key: string, endpoint: string, nowMs: number): Promise<void> {
    await this.store.run('wake hint', () => this.#change(key, (hint) => toWaiting(hint, endpoint, nowMs)));
  }

  override async wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    const now = new Date(nowMs);
    const later = { state: 'waiting', endpoint, dueAt: { $gt: now } } as const;
    await this.store.run('wake endpoint', () =>
      this.#records.updateMany(
        { ...later, ...unleased(nowMs) },
        { $set: { dueAt: now, claimableAt: now, revision: randomUUID() } },
      ),
    );
    // The hints being tried now; an endpoint has few.
    const leased = await this.store.run('find leased hints', () =>
      this.#records.find(later, { projection: { _id: 1 } }).toArray(),
    );
    await Promise.all(leased.map(({ _id }) => this.wake(_id, endpoint, nowMs)));
  }

  override async listEndpoints(): Promise<readonly string[]> {
    const endpoints = await this.store.run('list endpoints', () =>
      this.#records.distinct('endpoint', { state: 'waiting' }),
    );
    return endpoints.filter((endpoint) => typeof endpoint === 'string');
  }

  override async list(
    filter: HintFilter,
    cursor: string | null,
    limit: number,
    order: HintOrder = 'account',
  ): Promise<HintPage> {
    const records = await this.store.run('list hints', () =>
      order === 'account'
        ? this.#records
            .find({ ...toQuery(filter), _id: keysOf(filter.corpId, cursor) }, HEADS)
            .sort({ _id: 1 })
            .limit(limit + 1)
            .toArray()
        : this.#listBySince(filter, cursor, limit + 1),
    );
    const page = records.slice(0, limit);
    const last = page.at(-1);
    return {
      hints: page.map(toHead).filter((head) => head !== null),
      cursor: records.length > limit && last !== undefined ? cursorOfRecord(last, order) : null,
    };
  }

  /** An earlier version kept no `waitingSince`. */
  #listBySince(filter: HintFilter, cursor: string | null, limit: number): Promise<HintRecord[]> {
    const { sinceMs, key } = cursor === null ? { sinceMs: 0, key: '' } : readSinceCursor(cursor);
    const since = new Date(sinceMs);
    return this.#records
      .aggregate<HintRecord>(
        [
          { $match: { ...toQuery(filter), _id: keysOf(filter.corpId, null) } },
          { $project: { 'raw.body': 0 } },
          { $addFields: { waitingSince: { $ifNull: ['$waitingSince', '$arrivedAt'] } } },
          { $match: { $or: [{ waitingSince: { $gt: since } }, { waitingSince: since, _id: { $gt: key } }] } },
          { $sort: { waitingSince: 1, _id: 1 } },
          { $limit: limit },
        ],
        { maxTimeMS: READ_LIMIT_MS },
      )
      .toArray();
  }

  override async find(key: string): Promise<Hint | null> {
    return (await this.store.run('find hint', () => this.#read(key)))?.hint ?? null;
  }

  override async findHeads(keys: readonly string[]): Promise<ReadonlyMap<string, HintHead>> {
    const heads = await this.#findHeads({ _id: { $in: [...keys] } });
    return new Map(heads.map((head) => [hintKey(head), head]));
  }

  /** Without an index, which each keep would pay for. */
  override findOfAccount(openKfId: string): Promise<readonly HintHead[]> {
    return this.#findHeads({ openKfId });
  }

  override replay(key: string, endpoint: string, nowMs: number): Promise<boolean> {
    return this.store.run('replay hint', () =>
      untilNoConflict(async () => {
        const before = await this.#read(key);
        if (before === null || before.hint === null) return false;
        const isReplaced = await this.#replace(before.record, toReplayed(before.hint, endpoint, nowMs));
        return isReplaced || CONFLICT;
      }),
    );
  }

  override drop(key: string, generation: string): Promise<boolean> {
    return this.store.run('drop hint', async () => {
      const { deletedCount } = await this.#records.deleteOne({ _id: key, generation });
      if (deletedCount === 1) return true;
      return (await this.#records.findOne({ _id: key }, { projection: { _id: 1 } })) === null;
    });
  }

  override async counts(): Promise<OutboxCounts> {
    const count = (state: HintRecord['state']) => this.#records.countDocuments({ state }, COUNTING);
    return this.store.run('count hints', async () => {
      const [waiting, parked, dead, unreadable, oldestWaitingAtMs, oldestParkedAtMs] = await Promise.all([
        count('waiting'),
        count('parked'),
        count('dead'),
        count(UNREADABLE),
        this.#oldestAtMs('waiting'),
        this.#oldestAtMs('parked'),
      ]);
      return { waiting, parked, dead, unreadable, oldestWaitingAtMs, oldestParkedAtMs };
    });
  }

  /** An earlier version kept no `waitingSince`: of such records, which become fewer, the arrival counts. */
  async #oldestAtMs(state: 'waiting' | 'parked'): Promise<number | null> {
    const first = (field: 'waitingSince' | 'arrivedAt', filter: RecordFilter) =>
      this.#records.findOne(
        { state, [field]: { $gt: new Date(0) }, ...filter },
        { sort: { [field]: 1 }, projection: { [field]: 1 }, maxTimeMS: READ_LIMIT_MS },
      );
    const found = await Promise.all([
      first('waitingSince', {}),
      first('arrivedAt', { waitingSince: { $exists: false } }),
    ]);
    const times = found.flatMap((record) => {
      const at = record?.waitingSince ?? record?.arrivedAt;
      return at === undefined ? [] : [at.getTime()];
    });
    return times.length === 0 ? null : Math.min(...times);
  }

  override groups(beforeMs: number): Promise<readonly HintGroup[]> {
    return this.store.run('group hints', async () => {
      const groups = await this.#records
        .aggregate<GroupRecord>(
          [
            { $match: { state: { $in: [...HINT_STATES] } } },
            // An earlier version kept no `waitingSince`.
            { $project: { ...GROUPED, openKfId: 1, since: { $ifNull: ['$waitingSince', '$arrivedAt'] } } },
            { $match: { $or: [{ state: 'dead' }, { since: { $lte: new Date(beforeMs) } }] } },
            {
              $group: {
                _id: { state: '$state', corpId: '$corpId', endpoint: '$endpoint', stage: '$stage' },
                accounts: { $sum: 1 },
                openKfId: { $min: '$openKfId' },
                // Of two documents the first field decides.
                answered: { $max: '$answered' },
                since: { $min: '$since' },
              },
            },
          ],
          { maxTimeMS: READ_LIMIT_MS },
        )
        .toArray();
      return groups.map(
        ({ _id: { state, corpId, endpoint = null, stage = null }, since, answered, ...same }) => ({
          ...{ state, corpId, endpoint, stage, ...same },
          answered: answered && { status: answered.status, atMs: answered.at.getTime() },
          sinceMs: since.getTime(),
        }),
      );
    });
  }

  override nextClaimableAtMs(): null {
    return null;
  }

  async #findHeads(filter: RecordFilter): Promise<readonly HintHead[]> {
    const records = await this.store.run('find hints', () => this.#records.find(filter, HEADS).toArray());
    return records.map(toHead).filter((head) => head !== null);
  }

  async #read(key: string): Promise<Read | null> {
    const record = await this.#records.findOne({ _id: key });
    return record === null ? null : this.#toRead(record);
  }

  /** Sets an unreadable record aside, so that it blocks nothing and is counted. */
  async #toRead(record: HintRecord): Promise<Read> {
    const hint = fromRecord(record);
    if (hint === null && record.state !== UNREADABLE) {
      const { matchedCount } = await this.#records.updateOne(asRead(record), {
        $set: { state: UNREADABLE, claimableAt: null },
      });
      if (matchedCount === 1) sayUnreadable(this.log, record._id);
    }
    return { record, hint };
  }

  /** @returns false when there is one already. */
  async #insert(hint: Hint): Promise<boolean> {
    try {
      await this.#records.insertOne(toRecord(hint));
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** @returns false when it is no longer as it was read. */
  async #replace(before: HintRecord, hint: Hint): Promise<boolean> {
    const { _id, ...fields } = toRecord(hint);
    return (await this.#records.replaceOne(asRead(before), fields)).matchedCount === 1;
  }

  /** @returns `null` when it is no longer as it was read, or cannot be read. */
  async #claim(record: HintRecord, nowMs: number, leaseMs: number): Promise<ClaimedHint | null> {
    const { hint } = await this.#toRead(record);
    if (hint === null) return null;
    const lease = { id: randomUUID(), untilMs: nowMs + leaseMs };
    const claimed = { ...hint, lease, isTakenOver: hint.lease !== null };
    return (await this.#setHead(record, claimed)) ? claimed : null;
  }

  /** @returns the changed hint; `null` when there is none that can be read. */
  #change<T extends Hint>(key: string, change: (hint: Hint) => T): Promise<T | null> {
    return untilNoConflict(async () => {
      const before = await this.#read(key);
      if (before === null || before.hint === null) return null;
      const hint = change(before.hint);
      return (await this.#setHead(before.record, hint)) ? hint : CONFLICT;
    });
  }

  async #setHead(before: HintRecord, head: HintHead): Promise<boolean> {
    const update = { $set: { ...toHeadRecord(head), revision: randomUUID() } };
    return (await this.#records.updateOne(asRead(before), update)).matchedCount === 1;
  }

  /** A generation that became newer during the attempt stays, due at once. */
  async #freeNewer(held: Held, nowMs: number, changes: { readonly waitingSince?: Date } = {}): Promise<void> {
    if (held.leaseId === null) return;
    const set = { ...FREED, ...dueAt(nowMs), ...changes };
    await this.#update('free newer hint', isNewer(held, nowMs), { $set: set });
  }

  async #arrivalOfNewer(held: Held, nowMs: number): Promise<{ readonly waitingSince?: Date }> {
    if (held.leaseId === null) return {};
    const newer = await this.store.run('find hint', () =>
      this.#records.findOne(isNewer(held, nowMs), { projection: { arrivedAt: 1 } }),
    );
    return newer === null ? {} : { waitingSince: newer.arrivedAt };
  }

  /** @returns whether there was such a record. */
  async #update(what: Operation, filter: RecordFilter, update: RecordUpdate): Promise<boolean> {
    const { matchedCount } = await this.store.run(what, () =>
      this.#records.updateOne(filter, { ...update, $set: { ...update.$set, revision: randomUUID() } }),
    );
    return matchedCount === 1;
  }
}

const GROUPED = {
  ...{ state: 1, corpId: 1, endpoint: 1, stage: '$lastFailure.stage' },
  answered: {
    $cond: [
      { $gt: ['$lastFailure.status', null] },
      { at: '$lastFailure.at', status: '$lastFailure.status' },
      null,
    ],
  },
} as const;

/** A field that is null may be left out. */
interface GroupRecord extends Pick<HintGroup, 'accounts' | 'openKfId'> {
  readonly _id: Pick<HintGroup, 'state' | 'corpId'> & Partial<Pick<HintGroup, 'endpoint' | 'stage'>>;
  readonly answered: { readonly at: Date; readonly status: number } | null;
  readonly since: Date;
}

/** Leaves out the body, which may be large. The server stops when the caller's time limit ends. */
const HEADS: mongo.FindOptions = { projection: { 'raw.body': 0 }, maxTimeMS: READ_LIMIT_MS };
const COUNTING: mongo.CountDocumentsOptions = { maxTimeMS: READ_LIMIT_MS };

/** @returns `null` for one that cannot be read; it is set aside when it is claimed. */
function toHead(record: HintRecord): HintHead | null {
  const raw = typeof record.raw === 'object' ? null : record.raw;
  const hint = fromRecord({ ...record, raw });
  if (hint === null) return null;
  const { event: _event, keysId: _keysId, ...head } = hint;
  return head;
}

function toQuery({ states, stage, arrivedFromMs, arrivedBeforeMs }: HintFilter): RecordFilter {
  const bounds = {
    ...(arrivedFromMs === undefined ? {} : { $gte: new Date(arrivedFromMs) }),
    ...(arrivedBeforeMs === undefined ? {} : { $lt: new Date(arrivedBeforeMs) }),
  };
  return {
    state: { $in: [...states] },
    ...(stage === undefined ? {} : { 'lastFailure.stage': stage }),
    ...(Object.keys(bounds).length === 0 ? {} : { arrivedAt: bounds }),
  };
}

/** Also of a record that cannot be read: the list goes on after it. */
function cursorOfRecord({ _id, waitingSince, arrivedAt }: HintRecord, order: HintOrder): string {
  return order === 'account' ? _id : `${(waitingSince ?? arrivedAt).getTime()} ${_id}`;
}

/** The keys after the cursor, of the corp or of all corps. */
function keysOf(corpId: string | null, cursor: string | null) {
  if (corpId === null) return { $gt: cursor ?? '' };
  const first = accountKey({ corpId, openKfId: '' });
  // '0' is what follows the slash.
  return { $gt: cursor !== null && cursor > first ? cursor : first, $lt: `${first.slice(0, -1)}0` };
}

type RecordFilter = mongo.Filter<HintRecord>;
type RecordUpdate = Pick<mongo.UpdateFilter<HintRecord>, '$set' | '$max'>;

/** Holds until the next write. Also for a record that cannot be read. */
function asRead({ _id, revision }: HintRecord): RecordFilter {
  return { _id, revision: { $eq: revision ?? null } };
}

function unleased(nowMs: number) {
  return { $or: [{ leasedUntil: null }, { leasedUntil: { $lte: new Date(nowMs) } }] };
}

/** Its lease is the one held; or none is held and none runs. */
function isHeld({ key, leaseId }: Held, nowMs: number): RecordFilter {
  if (leaseId === null) return { _id: key, ...unleased(nowMs) };
  return { _id: key, leaseId, leasedUntil: { $gt: new Date(nowMs) } };
}

function isNewer(held: Held, nowMs: number): RecordFilter {
  return { ...isHeld(held, nowMs), state: 'waiting', generation: { $ne: held.generation } };
}

/** The fields of a hint without a lease. */
function dueAt(dueAtMs: number | null) {
  const date = dueAtMs === null ? null : new Date(dueAtMs);
  return { dueAt: date, claimableAt: date };
}
