import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import type { Failure } from '../../dispatch/outbox/hint.js';
import { failpoint } from '../../kernel/failpoint.js';
import { LOG, type Log } from '../../kernel/log.js';
import {
  isOversized,
  type Message,
  MESSAGE_LIFE_MS,
  type MessageHead,
  type MessageOrder,
  SEEN_MS,
  webhookIdOf,
} from '../../messages/message.js';
import {
  type CursorBefore,
  type DeadMessage,
  isAwaited,
  type KeptPage,
  type MessageCounts,
  type MessageFilter,
  type MessagePage,
  MessageStore,
  type PulledPage,
  type PullLease,
  type RefusedMessage,
  type Turn,
  type UnderWay,
} from '../../messages/message-store.js';
import { beforeMoves, cursorBefore, isInVain, withMove } from '../../messages/message-queue.js';
import { toMessage } from '../../messages/message-records.js';
import type { Addressee } from '../../registry/destination.js';
import { accountKey } from '../../registry/puppet.js';
import type { OwnPull } from '../../wecom/proxy/queued-messages.js';
import {
  type AccountRecord,
  asKnown,
  KNOWN,
  type KnownRecord,
  LONG_AGO,
  MESSAGE_ACCOUNTS,
  type MessageRecord,
  NEVER,
  toAccountRecord,
  toHead,
  toRecord,
} from './message.schema.js';
import { toFailureRecord } from './failure.schema.js';
import { CONFLICT, untilNoConflict } from '../compare-and-set.js';
import { type Awaited, MongoMessageRecords } from './mongo-message-records.js';
import { isDuplicateKey, MongoStore, type Operation } from './mongo-store.js';

/** How long an operator's change of two records may take. */
const CHANGE_MS = 10_000;

type AccountFilter = mongo.Filter<AccountRecord>;

/** See `isPulled`. */
const PULLED: AccountFilter = { $or: [{ regime: { $ne: null } }, { cursors: { $ne: [] } }] };

/**
 * The messages of all processes on one database. Each write is of one record, or of records that do not depend on each
 * other. A record of an account says when it is due; whatever makes a message wait makes its account due afterwards, and
 * has said before that it will: so that no message waits for ever, whichever process dies. An account may be claimed for
 * which nothing waits any more.
 */
@Injectable()
export class MongoMessageStore extends MessageStore {
  override readonly isShared = true;
  readonly #messages: MongoMessageRecords;
  readonly #accounts: Collection<AccountRecord>;

  constructor(
    private readonly store: MongoStore,
    @Inject(LOG) log: Log,
  ) {
    super();
    this.#messages = new MongoMessageRecords(store, log);
    this.#accounts = store.collection(MESSAGE_ACCOUNTS);
  }

  /** While a lease is running, nothing matches, and the following insert fails because the record exists. */
  override beginPull(
    account: Addressee,
    appId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<PullLease | null> {
    const { _id, pullId: _pullId, pulledUntil: _pulledUntil, ...fields } = toAccountRecord(account);
    const id = randomUUID();
    const begin = async () => {
      try {
        const record = await this.#accounts.findOneAndUpdate(
          { _id, pulledUntil: { $lte: new Date(nowMs) } },
          { $set: { pullId: id, pulledUntil: new Date(nowMs + leaseMs) }, $setOnInsert: fields },
          { upsert: true, returnDocument: 'after' },
        );
        if (record === null) return null;
        const { cursors, regime, mover } = record;
        if (regime === null) await this.#continueNumbers(_id);
        const cursor = cursors.find((one) => one.appId === appId)?.cursor ?? null;
        const waiting = await this.#messages.countWaiting(_id);
        const coveredUntilMs = record.coveredUntil.getTime();
        const isFromTaker = mover?.appId === appId && cursor !== '';
        return { id, cursor, regime, coveredUntilMs, isFromTaker, waiting };
      } catch (error) {
        if (isDuplicateKey(error)) return null;
        throw error;
      }
    };
    return this.store.run('begin pull', begin, null);
  }

  override keep(
    account: Addressee,
    leaseId: string,
    page: PulledPage,
    nowMs: number,
    leaseMs: number,
  ): Promise<KeptPage | null> {
    const _id = accountKey(account);
    const held: AccountFilter = { _id, pullId: leaseId, pulledUntil: { $gt: new Date(nowMs) } };
    const { messages, skipped, appId, cursor, regime, endpoint } = page;
    const keep = async () => {
      const keepingUntil = new Date(nowMs + leaseMs);
      const before = await this.#accounts.findOneAndUpdate(
        held,
        {
          $set: { pulledUntil: keepingUntil, ...(messages.length > 0 && { endpoint }) },
          $inc: { nextSeq: messages.length },
          ...(messages.length > 0 && { $max: { keepingUntil }, $min: { dueAt: keepingUntil } }),
        },
        { returnDocument: 'before' },
      );
      if (before === null) return null;
      const start = { appId, cursor: page.from };
      const kept = messages.map((message, n) =>
        toRecord(toMessage(message, account, start, before.nextSeq + n, nowMs)),
      );
      const inserted = await this.#messages.insert(kept);
      await this.#messages.insert(skipped.map((msgid) => toKnown(account, msgid, nowMs)));
      failpoint('messages.kept');
      const waiting = await this.#messages.countWaiting(_id);
      // A page that comes again may have been kept by a process that died before it made the account due.
      const isDue = messages.length > 0 && waiting > 0;
      const due = isDue ? { $min: { dueAt: new Date(nowMs) } } : {};
      const fields = {
        ...{ regime, endpoint, pulledAt: new Date(nowMs), keepingUntil: LONG_AGO },
        ...(isDue && { isNewer: true }),
      };
      const isMoved = await this.#endPage(held, appId, cursor, { $set: fields, ...due });
      failpoint('messages.kept');
      const dead = inserted.filter(({ state }) => state === 'dead').map(toHead);
      if (isMoved) return { added: inserted.length, dead: dead.filter((head) => head !== null), waiting };
      if (isDue) await this.#accounts.updateOne({ _id }, { $set: { isNewer: true }, ...due });
      return null;
    };
    return this.store.run('keep messages', keep, null);
  }

  override async endPull(account: Addressee, leaseId: string): Promise<void> {
    await this.#updateAccount(
      'end pull',
      { _id: accountKey(account), pullId: leaseId },
      { $set: { pullId: null, pulledUntil: LONG_AGO } },
    );
  }

  /** @returns whether the lease was still held. Cursors of other apps may have moved meanwhile: they stay. */
  async #endPage(
    held: AccountFilter,
    appId: string,
    cursor: string | null,
    { $set, ...due }: { readonly $set: Partial<AccountRecord>; readonly $min?: Partial<AccountRecord> },
  ): Promise<boolean> {
    const update = async (filter: AccountFilter, set: object, push: object = {}): Promise<boolean> => {
      const { matchedCount } = await this.#accounts.updateOne(
        { ...held, ...filter },
        { $set: { ...$set, ...set }, ...push, ...due },
      );
      return matchedCount === 1;
    };
    if (cursor === null) return update({}, {});
    return (
      (await update({ 'cursors.appId': appId }, { 'cursors.$.cursor': cursor })) ||
      update({ 'cursors.appId': { $ne: appId } }, {}, { $push: { cursors: { appId, cursor } } })
    );
  }

  /** Until the cursor is the same before and after: a message that waits by then may be before a newer one. */
  override findCursor(account: Addressee, appId: string): Promise<string> {
    const _id = accountKey(account);
    const read = async () => {
      const record = await this.#accounts.findOne({ _id }, { projection: { cursors: 1 } });
      return record?.cursors.find((one) => one.appId === appId)?.cursor ?? '';
    };
    const find = async () => {
      const cursor = await read();
      const first = await this.#messages.firstWaiting(_id);
      if (first !== null) return cursorBefore(first, appId);
      return (await read()) === cursor ? cursor : CONFLICT;
    };
    return this.store.run('find message cursor', () => untilNoConflict(find));
  }

  override async moveCursor(account: Addressee, pull: OwnPull, nowMs: number): Promise<void> {
    const { appId, takerId, from, cursor, isAll } = pull;
    const _id = accountKey(account);
    let hasAll = false;
    const move = async (record: AccountRecord) => {
      hasAll = false;
      if (isInVain(pull, record.wentBackUntil.getTime())) return null;
      const first = isAll ? await this.#messages.firstWaiting(_id) : null;
      hasAll = first !== null && cursorBefore(first, appId) === from;
      return {
        cursors: [...record.cursors.filter((one) => one.appId !== appId), { appId, cursor }],
        mover: { takerId, appId },
        moves: withMove(record.moves, { appId, from, atMs: nowMs }),
        ...(hasAll && { pullId: null, pulledUntil: LONG_AGO }),
      };
    };
    const moveAll = async () => {
      await this.#changeCursors(account, move);
      if (hasAll) await this.#messages.forgetWaiting(_id, nowMs, from);
    };
    await this.store.run('move message cursor', moveAll, null);
  }

  override async goBack(account: Addressee, sinceMs: number, untilMs: number): Promise<void> {
    const goBack = async ({ wentBackUntil, ...record }: AccountRecord) => {
      const before = beforeMoves(record.moves, sinceMs);
      const cursors = record.cursors.map(({ appId, cursor }) => ({
        appId,
        cursor: before.cursors.get(appId) ?? cursor,
      }));
      const until = new Date(Math.max(untilMs, wentBackUntil.getTime()));
      return { cursors, moves: before.moves, wentBackUntil: until };
    };
    await this.store.run('move message cursor', () => this.#changeCursors(account, goBack), null);
  }

  /** @param change gives `null` where nothing changes. It is asked again when another process was faster. */
  async #changeCursors(
    account: Addressee,
    change: (record: AccountRecord) => Promise<Partial<AccountRecord> | null>,
  ): Promise<void> {
    const _id = accountKey(account);
    await this.#insertAccount(account);
    await untilNoConflict(async () => {
      const record = await this.#accounts.findOne({ _id });
      const changed = record === null ? null : await change(record);
      if (record === null || changed === null) return undefined;
      const { moves, wentBackUntil } = record;
      const same: AccountFilter = { _id, cursors: [...record.cursors], moves: [...moves], wentBackUntil };
      const { matchedCount } = await this.#accounts.updateOne(same, { $set: changed });
      return matchedCount === 0 ? CONFLICT : undefined;
    });
  }

  override async cover(account: Addressee, untilMs: number, takerId: string | null): Promise<void> {
    const coveredUntil = new Date(untilMs);
    const isNewer: AccountFilter = {
      _id: accountKey(account),
      ...PULLED,
      coveredUntil: { $lt: coveredUntil },
    };
    const cover = async () => {
      if (takerId !== null)
        await this.#accounts.updateOne({ ...isNewer, 'mover.takerId': takerId }, { $set: { coveredUntil } });
      const others = takerId === null ? {} : { 'mover.takerId': { $ne: takerId } };
      await this.#accounts.updateOne({ ...isNewer, ...others }, { $set: { coveredUntil, mover: null } });
    };
    await this.store.run('cover account', cover, null);
  }

  override async beginAt(account: Addressee, fromMs: number): Promise<void> {
    const nothingKnown = { regime: null, cursors: [], coveredUntil: LONG_AGO };
    const begin = async () => {
      await this.#insertAccount(account);
      await this.#accounts.updateOne(
        { _id: accountKey(account), ...nothingKnown },
        { $set: { coveredUntil: new Date(fromMs) } },
      );
    };
    await this.store.run('cover account', begin, null);
  }

  override listAccounts(): Promise<readonly Addressee[]> {
    return this.store.run('list pulled accounts', async () => {
      const projection = { corpId: 1, openKfId: 1 };
      const records = await this.#accounts.find(PULLED, { projection }).toArray();
      return records.map(({ corpId, openKfId }) => ({ corpId, openKfId }));
    });
  }

  override pulledAtMs(account: Addressee): Promise<number> {
    const filter = { _id: accountKey(account) };
    return this.store.run('list pulled accounts', async () => {
      const record = await this.#accounts.findOne(filter, { projection: { pulledAt: 1 } });
      return record?.pulledAt.getTime() ?? 0;
    });
  }

  override claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly Turn[]> {
    const now = new Date(nowMs);
    const free: AccountFilter = { dueAt: { $lte: now }, leasedUntil: { $lte: now } };
    return this.store.run('claim due accounts', async () => {
      const due = await this.#accounts
        .find({ ...free, endpoint: { $nin: [...exceptEndpoints, null] } }, { projection: { _id: 1 } })
        .sort({ dueAt: 1 })
        .limit(limit)
        .toArray();
      const turns = await Promise.all(
        due.map(({ _id }) => this.#claim({ ...free, _id }, {}, nowMs + leaseMs)),
      );
      return turns.filter((turn) => turn !== null);
    });
  }

  override claimOldest(endpoint: string, nowMs: number, leaseMs: number): Promise<Turn | null> {
    const now = new Date(nowMs);
    const free: AccountFilter = { endpoint, dueAt: { $lt: NEVER }, leasedUntil: { $lte: now } };
    return this.store.run('claim oldest account', () =>
      this.#claim(free, { probedAt: now }, nowMs + leaseMs),
    );
  }

  override nextClaimableAtMs(): null {
    return null;
  }

  override renew(turn: Turn, nowMs: number, leaseMs: number): Promise<boolean> {
    const leasedUntil = new Date(nowMs + leaseMs);
    return this.#updateAccount('renew turn', heldBy(turn, nowMs), { $set: { leasedUntil } });
  }

  override next(turn: Turn, order: MessageOrder, nowMs: number, isProbe: boolean): Promise<Message | null> {
    const account = accountKey(turn);
    return this.store.run('find next message', async () => {
      const record = await this.#finish(await this.#accounts.findOne(heldBy(turn, nowMs)), nowMs);
      if (record === null) return null;
      const awaited = await this.#findAwaited(record, nowMs);
      for (;;) {
        const { next } = await this.#messages.look(account, order, nowMs, isProbe, awaited);
        if (next === null) return null;
        const message = await this.#messages.read(next);
        if (message !== null) return message;
      }
    });
  }

  /**
   * Where the account became due meanwhile, it is so at once and waits where that said: what the turn has seen may not be
   * all. Where messages are being inserted, it is due when the process that inserts them must have died.
   */
  override async release(
    turn: Turn,
    endpoint: string | null,
    order: MessageOrder,
    nowMs: number,
  ): Promise<void> {
    const now = new Date(nowMs);
    const held = heldBy(turn, nowMs);
    const freed = { leaseId: turn.isInDoubt ? turn.leaseId : null, leasedUntil: LONG_AGO };
    const release = async () => {
      const record = await this.#accounts.findOne(held);
      if (record === null) return;
      const awaited = await this.#findAwaited(record, nowMs);
      const { dueAt } = await this.#messages.look(accountKey(turn), order, nowMs, false, awaited);
      const { keepingUntil } = record;
      const idleUntil = keepingUntil > now ? keepingUntil : NEVER;
      const { matchedCount } = await this.#accounts.updateOne(
        { ...held, isNewer: false, keepingUntil },
        { $set: { ...freed, endpoint, dueAt: dueAt ?? idleUntil } },
      );
      if (matchedCount === 1) return;
      await this.#accounts.updateOne(held, { $set: { ...freed, dueAt: now } });
    };
    await this.store.run('release account', release, null);
  }

  override async taken(turn: Turn, msgid: string, nowMs: number): Promise<void> {
    await this.#updateHeld('settle message', turn, msgid, nowMs, asKnown(nowMs + SEEN_MS), [
      'waiting',
      'dead',
    ]);
  }

  override async refused(turn: Turn, msgid: string, refused: RefusedMessage, nowMs: number): Promise<void> {
    const { attempts, refusals, step, dueAtMs, failure } = refused;
    const lastFailure = failure === null ? {} : { lastFailure: toFailureRecord(failure) };
    await this.#updateHeld('reschedule message', turn, msgid, nowMs, {
      $set: { attempts, refusals, step, dueAt: new Date(dueAtMs), ...lastFailure },
    });
  }

  override bury(
    turn: Turn,
    msgid: string,
    { failure, attempts, refusals }: DeadMessage,
    nowMs: number,
  ): Promise<boolean> {
    const { $set } = asDead(failure);
    return this.#updateHeld('bury message', turn, msgid, nowMs, { $set: { ...$set, attempts, refusals } });
  }

  override begin(turn: Turn, underWay: UnderWay): Promise<boolean> {
    const { leaseId } = turn;
    return this.#updateAccount('begin message', { _id: accountKey(turn), leaseId }, { $set: { underWay } });
  }

  override findUnderWay(
    account: Addressee,
  ): Promise<{ readonly underWay: UnderWay; readonly message: Message } | null> {
    return this.store.run('find message under way', async () => {
      const record = await this.#accounts.findOne({ _id: accountKey(account) });
      const underWay = record?.underWay ?? null;
      if (underWay === null || isComplete(underWay)) return null;
      const message = await this.#messages.read(webhookIdOf({ ...account, msgid: underWay.msgid }));
      return message?.state === 'waiting' ? { underWay, message } : null;
    });
  }

  override note(
    account: Addressee,
    { msgid, attempt }: Pick<UnderWay, 'msgid' | 'attempt'>,
    half: 'answered' | 'pulled',
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'> {
    const field = half === 'answered' ? 'underWay.isAnswered' : 'underWay.isPulled';
    const note = async () => {
      const record = await this.#accounts.findOneAndUpdate(
        { _id: accountKey(account), 'underWay.msgid': msgid, 'underWay.attempt': attempt },
        { $set: { [field]: true } },
        { returnDocument: 'after' },
      );
      if (record?.underWay == null) return 'gone';
      if (!isComplete(record.underWay)) return 'half';
      await this.#finish(record, nowMs);
      return 'taken';
    };
    return this.store.run('note message', note, null);
  }

  /** Says first that a message will wait, as `keep` does. */
  override putBack(message: Message, attempt: number, nowMs: number): Promise<boolean> {
    const { msgid } = message;
    const _id = accountKey(message);
    const putBack = async () => {
      const { matchedCount } = await this.#accounts.updateOne(
        { _id, 'underWay.msgid': msgid, 'underWay.attempt': attempt, 'underWay.isAnswered': false },
        { $set: { 'underWay.isPulled': false } },
      );
      if (matchedCount === 1) return false;
      // Both halves may be noted whose process has not come to the end of it.
      await this.#finish(await this.#accounts.findOne({ _id }), nowMs);
      const soon = new Date(nowMs + CHANGE_MS);
      await this.#accounts.updateOne({ _id }, { $max: { keepingUntil: soon }, $min: { dueAt: soon } });
      const keptUntil = message.state === 'dead' ? new Date(nowMs + MESSAGE_LIFE_MS) : null;
      const isBack = await this.#messages.putBack({ ...toRecord(message), keptUntil });
      const dueAt = new Date(message.dueAtMs ?? nowMs);
      await this.#accounts.updateOne({ _id }, { $set: { isNewer: true }, $min: { dueAt } });
      return isBack;
    };
    return this.store.run('put message back', putBack, null);
  }

  override async endUnderWay(turn: Turn): Promise<void> {
    const { leaseId } = turn;
    await this.#updateAccount(
      'end message',
      { _id: accountKey(turn), leaseId },
      { $set: { underWay: null } },
    );
  }

  override async wake(account: Addressee, endpoint: string, nowMs: number): Promise<void> {
    const _id = accountKey(account);
    await this.store.run('wake account', async () => {
      if ((await this.#messages.countWaiting(_id)) === 0) return;
      await this.#messages.makeDue([_id], nowMs);
      await this.#accounts.updateOne(
        { _id },
        { $set: { endpoint, isNewer: true }, $min: { dueAt: new Date(nowMs) } },
      );
    });
  }

  override async wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    const waiting: AccountFilter = { endpoint, dueAt: { $lt: NEVER } };
    await this.store.run('wake accounts', async () => {
      const ids = await this.#accounts.distinct('_id', waiting);
      await this.#messages.makeDue(ids, nowMs);
      await this.#accounts.updateMany(waiting, {
        $set: { isNewer: true },
        $min: { dueAt: new Date(nowMs) },
      });
    });
  }

  override async listEndpoints(): Promise<readonly string[]> {
    const endpoints = await this.store.run('list message endpoints', () =>
      this.#accounts.distinct('endpoint', { dueAt: { $lt: NEVER } }),
    );
    return endpoints.filter((endpoint) => typeof endpoint === 'string');
  }

  override listWaiting(
    afterKey: string,
    limit: number,
  ): Promise<readonly (Addressee & { readonly endpoint: string | null; readonly waiting: number })[]> {
    return this.store.run('list waiting accounts', async () => {
      const found: (Addressee & { readonly endpoint: string | null; readonly waiting: number })[] = [];
      for (let after = afterKey; found.length < limit;) {
        const records = await this.#accounts
          .find({ _id: { $gt: after }, dueAt: { $lt: NEVER } })
          .sort({ _id: 1 })
          .limit(limit - found.length)
          .toArray();
        const last = records.at(-1);
        if (last === undefined) break;
        after = last._id;
        const counts = await Promise.all(records.map(({ _id }) => this.#messages.countWaiting(_id)));
        for (const [n, { corpId, openKfId, endpoint }] of records.entries()) {
          const waiting = counts[n] ?? 0;
          if (waiting > 0) found.push({ corpId, openKfId, endpoint, waiting });
        }
      }
      return found;
    });
  }

  /** The cursors go first: of messages that a process leaves when it dies in between, each is still known. */
  override handOver(turn: Turn, nowMs: number, before: CursorBefore | null): Promise<number> {
    const held = heldBy(turn, nowMs);
    const handOver = async () => {
      const first = await this.#messages.firstWaiting(accountKey(turn));
      if (first === null) return 0;
      const record = await this.#accounts.findOneAndUpdate(
        held,
        { $set: { pullId: null, pulledUntil: LONG_AGO } },
        { returnDocument: 'after' },
      );
      if (record === null) return 0;
      const cursors = record.cursors.map(({ appId }) => ({
        appId,
        cursor: cursorBefore(first, appId, before),
      }));
      const { matchedCount } = await this.#accounts.updateOne(
        { ...held, pullId: null },
        { $set: { cursors, moves: [] } },
      );
      // Another pull has begun.
      return matchedCount === 0 ? CONFLICT : this.#messages.removeWaiting(accountKey(turn));
    };
    return this.store.run('hand messages over', () => untilNoConflict(handOver), null);
  }

  override discard(turn: Turn, nowMs: number): Promise<number> {
    const discard = async () => {
      if ((await this.#accounts.countDocuments(heldBy(turn, nowMs))) === 0) return 0;
      return this.#messages.forgetWaiting(accountKey(turn), nowMs, null);
    };
    return this.store.run('hand messages over', discard, null);
  }

  override list(filter: MessageFilter, cursor: string | null, limit: number): Promise<MessagePage> {
    return this.store.run('list messages', () => this.#messages.list(filter, cursor, limit));
  }

  /** Says first that a message will wait, as `keep` does. */
  override revive(account: Addressee, msgid: string, nowMs: number): Promise<boolean> {
    const [now, soon] = [new Date(nowMs), new Date(nowMs + CHANGE_MS)];
    const _id = webhookIdOf({ ...account, msgid });
    const revive = async () => {
      const message = await this.#messages.read(_id);
      if (message?.state !== 'dead' || isOversized(message)) return false;
      const key = accountKey(account);
      await this.#accounts.updateOne({ _id: key }, { $max: { keepingUntil: soon }, $min: { dueAt: soon } });
      const isRevived = await this.#messages.change(_id, ['dead'], {
        $set: { state: 'waiting', refusals: 0, step: 0, dueAt: now, keptUntil: null },
      });
      await this.#accounts.updateOne({ _id: key }, { $set: { isNewer: true }, $min: { dueAt: now } });
      return isRevived;
    };
    return this.store.run('revive message', revive, null);
  }

  override drop(account: Addressee, msgid: string): Promise<boolean> {
    const _id = webhookIdOf({ ...account, msgid });
    const drop = async () => {
      const isDropped = await this.#messages.drop(_id);
      if (!isDropped) return false;
      // The message behind it may be due before the account is.
      await this.#accounts.updateOne(
        { _id: accountKey(account), dueAt: { $lt: NEVER } },
        { $set: { dueAt: LONG_AGO, isNewer: true } },
      );
      return true;
    };
    return this.store.run('drop message', drop, null);
  }

  override counts(account: Addressee | null): Promise<MessageCounts> {
    return this.store.run('count messages', () =>
      this.#messages.counts(account === null ? null : accountKey(account)),
    );
  }

  override expire(failure: Failure): Promise<readonly MessageHead[]> {
    const expire = async () => {
      const found = await this.#messages.listExpired(failure.atMs);
      const dead = asDead(failure);
      const expired = await Promise.all(
        found.map((head) => this.#messages.change(webhookIdOf(head), ['waiting'], dead)),
      );
      return found.filter((_, n) => expired[n]);
    };
    return this.store.run('sweep messages', expire, null);
  }

  override async sweep(nowMs: number): Promise<void> {
    await this.store.run('sweep messages', () => this.#messages.sweep(nowMs), null);
  }

  /** Unless it is there. */
  async #insertAccount(account: Addressee): Promise<void> {
    const { _id, ...fields } = toAccountRecord(account);
    try {
      await this.#accounts.updateOne({ _id }, { $setOnInsert: fields }, { upsert: true });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** A record of an account that was lost may have left messages. */
  async #continueNumbers(_id: string): Promise<void> {
    const last = await this.#messages.lastSeq(_id);
    if (last !== null) await this.#accounts.updateOne({ _id }, { $max: { nextSeq: last + 1 } });
  }

  /** @param filter of accounts that are free. */
  async #claim(filter: AccountFilter, set: Partial<AccountRecord>, untilMs: number): Promise<Turn | null> {
    const leaseId = randomUUID();
    const before = await this.#accounts.findOneAndUpdate(
      filter,
      { $set: { ...set, leaseId, leasedUntil: new Date(untilMs), isNewer: false } },
      { sort: { probedAt: 1 }, returnDocument: 'before' },
    );
    if (before === null) return null;
    const { corpId, openKfId, endpoint } = before;
    return { corpId, openKfId, leaseId, endpoint, isInDoubt: before.leaseId !== null };
  }

  /** A process may have died between the last half and what follows from it. */
  async #finish(record: AccountRecord | null, nowMs: number): Promise<AccountRecord | null> {
    const underWay = record?.underWay ?? null;
    if (record === null || underWay === null || !isComplete(underWay)) return record;
    const { msgid, attempt } = underWay;
    await this.#messages.change(
      webhookIdOf({ ...record, msgid }),
      ['waiting', 'dead'],
      asKnown(nowMs + SEEN_MS),
    );
    await this.#accounts.updateOne(
      { _id: record._id, 'underWay.msgid': msgid, 'underWay.attempt': attempt },
      { $set: { underWay: null, isNewer: true }, $min: { dueAt: new Date(nowMs) } },
    );
    return record;
  }

  async #findAwaited({ underWay, ...account }: AccountRecord, nowMs: number): Promise<Awaited | null> {
    if (underWay === null || !isAwaited(underWay, nowMs)) return null;
    const _id = webhookIdOf({ ...account, msgid: underWay.msgid });
    return (await this.#messages.isWaiting(_id)) ? { _id, until: new Date(underWay.untilMs) } : null;
  }

  /** @returns whether there was such an account. */
  async #updateAccount(
    what: Operation,
    filter: AccountFilter,
    update: mongo.UpdateFilter<AccountRecord>,
  ): Promise<boolean> {
    const { matchedCount } = await this.store.run(what, () => this.#accounts.updateOne(filter, update));
    return matchedCount === 1;
  }

  /**
   * The lease may lapse between the two: then a message that was taken counts as taken all the same.
   * @returns whether there was such a message.
   */
  #updateHeld(
    what: Operation,
    turn: Turn,
    msgid: string,
    nowMs: number,
    update: mongo.UpdateFilter<MessageRecord>,
    states: MessageRecord['state'][] = ['waiting'],
  ): Promise<boolean> {
    const _id = webhookIdOf({ ...turn, msgid });
    return this.store.run(what, async () => {
      if ((await this.#accounts.countDocuments(heldBy(turn, nowMs))) === 0) return false;
      return this.#messages.change(_id, states, update);
    });
  }
}

function heldBy({ leaseId, ...account }: Turn, nowMs: number): AccountFilter {
  return { _id: accountKey(account), leaseId, leasedUntil: { $gt: new Date(nowMs) } };
}

function isComplete({ isAnswered, isPulled }: UnderWay): boolean {
  return isAnswered && isPulled;
}

function asDead(failure: Failure) {
  const keptUntil = new Date(failure.atMs + MESSAGE_LIFE_MS);
  const lastFailure = toFailureRecord(failure);
  return { $set: { state: 'dead', dueAt: null, lastFailure, keptUntil } } as const;
}

function toKnown(account: Addressee, msgid: string, nowMs: number): KnownRecord {
  const untilMs = nowMs + SEEN_MS;
  return {
    _id: webhookIdOf({ ...account, msgid }),
    account: accountKey(account),
    state: KNOWN,
    keptUntil: new Date(untilMs),
  };
}
