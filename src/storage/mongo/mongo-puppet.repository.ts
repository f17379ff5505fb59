import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type QueryFilter, Types } from 'mongoose';
import { type Puppet, type Registration, toRegistered } from '../puppets/puppet.js';
import {
  type ChangeCursor,
  type Changes,
  type Goodbye,
  type Judge,
  PuppetRepository,
} from '../puppets/puppet.repository.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import { PuppetSecrets } from '../puppets/puppet-secrets.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';
import { FORGOTTEN, fromRecord, PuppetRecord, toRecord, toRestoredRecord } from './puppet.schema.js';

const BATCH_SIZE = 1_000;
/** A write is seen a little after the time it bears; changes are read again this far back. */
const OVERLAP_MS = 10_000;
const NOT_SET_ASIDE = { supersededFrom: { $exists: false } };

@Injectable()
export class MongoPuppetRepository extends PuppetRepository {
  override readonly isShared = true;

  constructor(
    private readonly store: MongoStore,
    @InjectModel(PuppetRecord.name) private readonly model: Model<PuppetRecord>,
    private readonly secrets: PuppetSecrets,
  ) {
    super();
  }

  override load(): AsyncIterable<readonly Puppet[]> {
    return this.secrets.load(this.#stored());
  }

  async *#stored(): AsyncIterable<readonly Puppet[]> {
    let after = '';
    for (;;) {
      const records = await this.store.run('load puppets', () =>
        this.model
          .find({ ...NOT_SET_ASIDE, kfOpenId: { $gt: after } })
          .sort({ kfOpenId: 1 })
          .limit(BATCH_SIZE)
          .lean(),
      );
      yield toPuppets(records);
      const last = records.at(-1);
      if (last === undefined || records.length < BATCH_SIZE) return;
      after = last.kfOpenId;
    }
  }

  override async find(openKfId: string): Promise<Puppet | null> {
    const record = await this.store.run('find puppet', () =>
      this.model.findOne({ ...NOT_SET_ASIDE, kfOpenId: openKfId }).lean(),
    );
    return this.#opened(record);
  }

  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    const records = await this.store.run('list puppets', () =>
      this.model
        .find({ ...NOT_SET_ASIDE, corpId })
        .limit(limit)
        .lean(),
    );
    return toPuppets(records).map((puppet) => this.secrets.open(puppet));
  }

  override async save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null> {
    const sealed = this.secrets.seal(registration);
    return this.#changeJudged(registration.openKfId, mayReplace, (before) => {
      const after = { ...toRegistered(sealed, before, nowMs), answered: false };
      return { fields: { ...toRecord(sealed, nowMs), replacedFrom: after.replacedFrom }, after };
    });
  }

  override async restore(puppet: Puppet, mayReplace: Judge): Promise<boolean> {
    const sealed = this.secrets.seal(puppet);
    const change = () => ({ fields: toRestoredRecord(sealed), after: sealed });
    return (await this.#changeJudged(puppet.openKfId, mayReplace, change)) !== null;
  }

  override async forget(openKfId: string): Promise<Puppet | null> {
    const update = { $set: { online: false }, $unset: FORGOTTEN, $currentDate: { updatedAt: true } } as const;
    const filter = { ...NOT_SET_ASIDE, kfOpenId: openKfId, corpId: { $exists: true } };
    const forget = () => this.model.findOneAndUpdate(filter, update, { returnDocument: 'before' }).lean();
    return this.#opened(await this.store.run('forget puppet', forget, null));
  }

  override async markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null> {
    const { openKfId, corpId, endpoint, from } = goodbye;
    const offline = { online: false, lastOnlineDate: new Date(nowMs) };
    const account = {
      kfOpenId: openKfId,
      corpId,
      ...(endpoint !== undefined && { botEndpoint: endpoint }),
    };
    if (from === undefined) return this.#set(account, { ...offline, goodbyeDoubted: false });
    const own = await this.#set({ ...account, registeredFrom: from }, { ...offline, goodbyeDoubted: false });
    if (own !== null) return own;
    const others = { ...account, registeredFrom: { $ne: from }, replacedFrom: { $ne: from } };
    return this.#set(others, { ...offline, goodbyeDoubted: endpoint === undefined });
  }

  override async markOnline(
    { openKfId, corpId, endpoint }: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null> {
    const filter = { kfOpenId: openKfId, corpId, botEndpoint: endpoint };
    return this.#set(filter, {
      online: true,
      goodbyeDoubted: false,
      answered: true,
      lastOnlineDate: new Date(nowMs),
    });
  }

  override async markAnswered({ openKfId, endpoint, lastOnlineAtMs }: Puppet): Promise<void> {
    if (lastOnlineAtMs === null) return;
    const filter = {
      kfOpenId: openKfId,
      botEndpoint: endpoint,
      lastOnlineDate: new Date(lastOnlineAtMs),
    };
    await this.#set(filter, { answered: true });
  }

  override async markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null> {
    const isKnown: Judge = (stored) => stored !== null && isOf(stored);
    return this.#changeJudged(openKfId, isKnown, (before) => ({
      fields: { acceptedSecretId: secretId },
      after: before === null ? null : { ...before, acceptedSecretId: secretId },
    }));
  }

  override async changes(cursor: ChangeCursor | null): Promise<Changes> {
    const nowMs = await this.store.serverNowMs();
    if (cursor === null)
      return { puppets: [], forgotten: [], cursor: toCursor({ readMs: nowMs }), hasMore: false };
    const { readMs, last } = fromCursor(cursor);
    const from = last ?? { updatedMs: readMs - OVERLAP_MS, id: '0'.repeat(24) };
    const updatedAt = new Date(from.updatedMs);
    const later = [{ updatedAt: { $gt: updatedAt } }, { _id: { $gt: new Types.ObjectId(from.id) } }];
    const records = await this.store.run('read changes', () =>
      this.model
        .find({ ...NOT_SET_ASIDE, updatedAt: { $gte: updatedAt }, $or: later })
        .sort({ updatedAt: 1, _id: 1 })
        .limit(BATCH_SIZE)
        .lean(),
    );
    const beganMs = last?.beganMs ?? nowMs;
    const end = records.length < BATCH_SIZE ? undefined : records.at(-1);
    return {
      puppets: toPuppets(records).map((puppet) => this.secrets.open(puppet)),
      forgotten: records.filter((record) => fromRecord(record) === null).map(({ kfOpenId }) => kfOpenId),
      cursor: toCursor(
        end?.updatedAt === undefined
          ? { readMs: beganMs }
          : { readMs, last: { beganMs, updatedMs: end.updatedAt.getTime(), id: end._id.toHexString() } },
      ),
      hasMore: end !== undefined,
    };
  }

  /**
   * Writes if `judge` accepts what is stored, and only while the stored corp and secret are the ones that were judged. If they have
   * changed, `judge` is asked again.
   */
  async #changeJudged(
    openKfId: string,
    judge: Judge,
    change: (before: Puppet | null) => { readonly fields: object; readonly after: Puppet | null },
  ): Promise<Puppet | null> {
    const isAgreed = this.secrets.judging(judge);
    const attempt = async (): Promise<Puppet | null | typeof CONFLICT> => {
      const record = await this.model.findOne({ ...NOT_SET_ASIDE, kfOpenId: openKfId }).lean();
      const before = record === null ? null : fromRecord(record);
      if (!isAgreed(before)) return null;
      const { fields, after } = change(before);
      const update = { $set: fields, $currentDate: { updatedAt: true } } as const;
      const filter = { kfOpenId: openKfId, ...asStored(record, 'corpId'), ...asStored(record, 'corpSecret') };
      try {
        // The method of the driver, which does not cast the values.
        const written = await this.model.collection.updateOne(filter, update, { upsert: record === null });
        return written.matchedCount + written.upsertedCount > 0 ? after : CONFLICT;
      } catch (error) {
        // Another process has inserted the record since our read.
        if (isDuplicateKey(error)) return CONFLICT;
        throw error;
      }
    };
    return this.secrets.open(await this.store.run('change puppet', () => untilNoConflict(attempt), null));
  }

  #opened(record: PuppetRecord | null): Puppet | null {
    return record === null ? null : this.secrets.open(fromRecord(record));
  }

  async #set(
    filter: QueryFilter<PuppetRecord>,
    fields: Partial<Pick<PuppetRecord, 'online' | 'goodbyeDoubted' | 'lastOnlineDate' | 'answered'>>,
  ): Promise<Puppet | null> {
    const update = { $set: fields, $currentDate: { updatedAt: true } } as const;
    const set = () => this.model.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean();
    return this.#opened(await this.store.run('change puppet', set, null));
  }
}

/** The condition that the field is unchanged, or still missing. */
function asStored(record: PuppetRecord | null, field: 'corpId' | 'corpSecret'): object {
  const value = record?.[field];
  return { [field]: value === undefined ? { $exists: false } : { $eq: value } };
}

/** Times are the server's, in epoch milliseconds. */
interface Position {
  /** When the last complete read began. */
  readonly readMs: number;
  /** Where an incomplete read goes on: its last record so far, and when the read began. */
  readonly last?: { readonly beganMs: number; readonly updatedMs: number; readonly id: string };
}

function toCursor(position: Position): ChangeCursor {
  return JSON.stringify(position);
}

function fromCursor(cursor: ChangeCursor): Position {
  return JSON.parse(cursor);
}

function toPuppets(records: readonly PuppetRecord[]): Puppet[] {
  return records.map(fromRecord).filter((puppet) => puppet !== null);
}
