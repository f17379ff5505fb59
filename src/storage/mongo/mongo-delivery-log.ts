import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Collection, mongo } from 'mongoose';
import {
  DeliveryLog,
  type RecordAccount,
  type RecordBatch,
  type RecordFilter,
  type RecordPage,
  STORY_MAX,
} from '../../record/delivery-log.js';
import {
  ENDINGS,
  firstIdAt,
  type LoggedRecord,
  NO_EVENT_FORMS,
  timeOfId,
} from '../../record/delivery-record.js';
import { storageConfig } from '../storage.config.js';
import { DELIVERIES, type DeliveryDocument, fromDocument, toDocument } from './delivery.schema.js';
import { MongoStore } from './mongo-store.js';

const MS_PER_DAY = 86_400_000;
/** At its limit the log is made smaller by as much. */
const SHRINK_TO_SHARE = 0.95;
/** Documents that are encoded in one turn of the event loop: half a millisecond, in which no callback is answered. */
const DOCUMENTS_PER_TURN = 200;
/** So many are removed in one sweep at most; the next one goes on. */
const REMOVED_MAX = 500_000;

/**
 * Acknowledged from the memory of one server: nothing waits for a disk or another member, and what was not taken is known, so
 * that it can be counted, which it would not be with `w: 0`.
 */
const LIGHTLY = { w: 1, journal: false } as const;

class DocumentBatch implements RecordBatch {
  readonly #documents: DeliveryDocument[] = [];

  constructor(
    private readonly keptMs: number,
    private readonly append: (documents: readonly DeliveryDocument[]) => Promise<void>,
  ) {}

  get length(): number {
    return this.#documents.length;
  }

  add(record: LoggedRecord): void {
    this.#documents.push(toDocument(record, this.keptMs));
  }

  write(): Promise<void> {
    return this.append(this.#documents);
  }
}

/** One document for each record. MongoDB itself removes what is too old. */
@Injectable()
export class MongoDeliveryLog extends DeliveryLog {
  readonly #documents: Collection<DeliveryDocument>;
  readonly #keptMs: number;
  readonly #bytesMax: number;

  constructor(
    private readonly store: MongoStore,
    @Inject(storageConfig.KEY) config: ConfigType<typeof storageConfig>,
  ) {
    super();
    this.#documents = store.collection(DELIVERIES);
    this.#keptMs = config.deliveryLogDays * MS_PER_DAY;
    this.#bytesMax = config.deliveryLogBytesMax;
  }

  override newBatch(): RecordBatch {
    return new DocumentBatch(this.#keptMs, (documents) => this.#append(documents));
  }

  async #append(documents: readonly DeliveryDocument[]): Promise<void> {
    for (let at = 0; at < documents.length; at += DOCUMENTS_PER_TURN) {
      const some = documents.slice(at, at + DOCUMENTS_PER_TURN);
      await this.store.run('append deliveries', () =>
        this.#documents.insertMany(some, { ordered: false, writeConcern: LIGHTLY }),
      );
    }
  }

  override async search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage> {
    const found = await this.store.run('search deliveries', () =>
      this.#documents
        .find(toQuery(filter, before))
        .sort({ _id: -1 })
        .limit(limit + 1)
        .toArray(),
    );
    const page = found.slice(0, limit);
    const nextBefore = found.length > limit ? (page.at(-1)?._id ?? null) : null;
    return { records: page.map(fromDocument), nextBefore };
  }

  override async find(id: string): Promise<LoggedRecord | null> {
    const found = await this.store.run('find delivery', () => this.#documents.findOne({ _id: id }));
    return found === null ? null : fromDocument(found as DeliveryDocument);
  }

  override async story(webhookId: string): Promise<readonly LoggedRecord[]> {
    const found = await this.store.run('find delivery', () =>
      this.#documents.find({ webhookId }).sort({ _id: 1 }).limit(STORY_MAX).toArray(),
    );
    return found.map((document) => fromDocument(document as DeliveryDocument));
  }

  override async endings(
    account: RecordAccount,
    after: string,
    limit: number,
  ): Promise<readonly LoggedRecord[]> {
    const isEnding = { outcome: { $in: [...ENDINGS] }, form: { $nin: [...NO_EVENT_FORMS] } };
    const query = { ...account, _id: { $gt: after }, ...isEnding };
    const found = await this.store.run('find delivery', () =>
      this.#documents.find(query).sort({ _id: 1 }).limit(limit).toArray(),
    );
    return found.map((document) => fromDocument(document as DeliveryDocument));
  }

  override async reach(): Promise<number | null> {
    const [oldest] = await this.store.run('find delivery', () =>
      this.#documents.find({}).sort({ _id: 1 }).limit(1).toArray(),
    );
    return oldest === undefined ? null : timeOfId(oldest._id);
  }

  override async bytes(): Promise<number> {
    return (await this.#measure()).size;
  }

  /** Of what is too much only; several replicas may do the same at a time, which removes no more. */
  override async sweep(): Promise<void> {
    if (this.#keptMs === 0) return this.#removeBefore(null);
    const { size, count } = await this.#measure();
    if (size <= this.#bytesMax) return;
    const surplus = Math.ceil(count * (1 - (this.#bytesMax * SHRINK_TO_SHARE) / size));
    const [first] = await this.store.run('sweep deliveries', () =>
      this.#documents.find({}).sort({ _id: 1 }).skip(Math.min(surplus, REMOVED_MAX)).limit(1).toArray(),
    );
    if (first !== undefined) await this.#removeBefore(first._id);
  }

  /** @param id `null` for all. */
  async #removeBefore(id: string | null): Promise<void> {
    await this.store.run(
      'sweep deliveries',
      () => this.#documents.deleteMany(id === null ? {} : { _id: { $lt: id } }, { writeConcern: LIGHTLY }),
      null,
    );
  }

  async #measure(): Promise<{ readonly size: number; readonly count: number }> {
    const { size, count } = await this.store.run('measure deliveries', () => this.store.measure(DELIVERIES));
    return { size, count };
  }
}

function toQuery(filter: RecordFilter, before: string | null): mongo.Filter<DeliveryDocument> {
  const { fromMs, toMs, corpId, openKfId, webhookId, outcome, words } = filter;
  const bounds = [
    ...(fromMs === null ? [] : [{ _id: { $gte: firstIdAt(fromMs) } }]),
    ...(toMs === null ? [] : [{ _id: { $lt: firstIdAt(toMs) } }]),
    ...(before === null ? [] : [{ _id: { $lt: before } }]),
  ];
  return {
    isRow: true,
    ...(bounds.length === 0 ? {} : { $and: bounds }),
    ...(corpId === null ? {} : { corpId }),
    ...(openKfId === null ? {} : { openKfId }),
    ...(webhookId === null ? {} : { webhookId }),
    ...(outcome === null ? {} : { outcome }),
    ...(words === null ? {} : { $or: toAnyOf(words) }),
  };
}

function toAnyOf({ id, openKfIds }: NonNullable<RecordFilter['words']>): mongo.Filter<DeliveryDocument>[] {
  return [{ webhookId: id }, { corpId: id }, { openKfId: { $in: [id, ...openKfIds] } }];
}
