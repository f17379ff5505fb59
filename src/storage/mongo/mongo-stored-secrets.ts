import { Inject, Injectable } from '@nestjs/common';
import type { Collection, mongo } from 'mongoose';
import { SealError } from '../../crypto/sealer.js';
import type { PuppetSecret } from '../puppets/puppet-secrets.js';
import type { ResealRules } from '../store/resealing.js';
import { RecordStore, type ResealReport } from '../records/records.js';
import { StoredSecrets } from '../store/stored-secrets.js';
import { STORE_CONTENTS, type StoreContents } from '../store/store-contents.js';
import { CONFLICT, untilNoConflict } from '../../kernel/compare-and-set.js';
import type { ContentOwner } from '../queue/entry.js';
import { MESSAGES, type EntryRecord } from './queue.js';
import { MongoStore } from './mongo-store.js';
import { PUPPETS, type PuppetRecord } from './puppet.schema.js';

/** How many documents one command rewrites. */
const BATCH_SIZE = 500;

/** The write to make if the document is unchanged since it was read; `null` for none. */
type Change = { readonly filter: object; readonly update: object } | null;

type Document = mongo.Document;

/**
 * Other managers, also of version 1.0.3, may write meanwhile. A document that has changed since it was read is read and rewritten
 * again. Nothing changes for other replicas, so `updatedAt` stays, and no replica reads 100,000 puppets again.
 */
@Injectable()
export class MongoStoredSecrets extends StoredSecrets {
  constructor(
    private readonly store: MongoStore,
    private readonly records: RecordStore,
    @Inject(STORE_CONTENTS) private readonly contents: StoreContents,
  ) {
    super();
  }

  override async rewrite(resealing: ResealRules, report: ResealReport): Promise<void> {
    await this.#each(PUPPETS, report, (document) => puppetChange(document as PuppetRecord, resealing));
    for (const kind of this.contents.records)
      await this.records.of(kind).reseal((text, identity) => resealing.text(text, identity), report);
    const withContent = { content: { $ne: null } };
    await this.#each(
      MESSAGES,
      report,
      (document) => messageChange(document as EntryRecord & ContentOwner, resealing),
      withContent,
    );
  }

  /** The manager cannot tell what the database's files still contain. */
  override async eraseOverwritten(): Promise<void> {}

  #each(
    name: string,
    report: ResealReport,
    changeOf: (document: Document) => Change,
    filter: object = {},
  ): Promise<void> {
    const walk = async (): Promise<void> => {
      const collection = this.store.collection<Document>(name);
      let batch: Document[] = [];
      const flush = async (): Promise<void> => {
        await rewriteBatch(collection, batch, report, changeOf);
        batch = [];
      };
      for await (const document of collection.find(filter).batchSize(BATCH_SIZE)) {
        if (batch.push(document) >= BATCH_SIZE) await flush();
      }
      await flush();
    };
    return this.store.run('rewrite secrets', walk, null);
  }
}

async function rewriteBatch(
  collection: Collection<Document>,
  batch: readonly Document[],
  report: ResealReport,
  changeOf: (document: Document) => Change,
): Promise<void> {
  const ids = batch.map(({ _id }) => _id);
  let documents = batch;
  await untilNoConflict(async () => {
    const { writes, closed } = toWrites(documents, changeOf);
    const changed =
      writes.length === 0 ? 0 : (await collection.bulkWrite(writes, { ordered: false })).matchedCount;
    report.add({ changed });
    if (changed === writes.length) {
      for (const [record, keyId] of closed) report.cannotOpen(record, keyId);
      return;
    }
    documents = await collection.find({ _id: { $in: ids } }).toArray();
    return CONFLICT;
  });
  report.add({ lookedAt: batch.length });
}

function toWrites(documents: readonly Document[], changeOf: (document: Document) => Change) {
  const writes: { updateOne: { filter: object; update: object } }[] = [];
  const closed: [record: string, keyId: string][] = [];
  for (const document of documents) {
    try {
      const change = changeOf(document);
      if (change !== null) writes.push({ updateOne: change });
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      closed.push([String(document.kfOpenId ?? document._id), error.keyId]);
    }
  }
  return { writes, closed };
}

/** The secrets of a record that was set aside stay bound to its account. */
function puppetChange(record: PuppetRecord, resealing: ResealRules): Change {
  const { _id, kfOpenId, corpId, supersededFrom, corpSecret, token, encodingAESKey } = record;
  const owner = { openKfId: supersededFrom?.kfOpenId ?? kfOpenId ?? '', corpId: corpId ?? '' };
  const after = resealing.puppet(owner, { corpSecret, callbackToken: token, encodingAESKey });
  const set = toFields(after);
  if (Object.keys(set).length === 0) return null;
  // `null` also matches a missing field.
  return {
    filter: {
      _id,
      kfOpenId: kfOpenId ?? null,
      corpId: corpId ?? null,
      ...asRead({ corpSecret, token, encodingAESKey }, set),
    },
    update: { $set: set },
  };
}

function messageChange(record: EntryRecord & ContentOwner, resealing: ResealRules): Change {
  const { _id, content } = record;
  const set = resealing.message(record, { content });
  return Object.keys(set).length === 0 ? null : { filter: { _id, content }, update: { $set: set } };
}

/** The secrets by their names in a document. */
function toFields({ callbackToken, ...same }: Partial<Record<PuppetSecret, string>>): object {
  return { ...same, ...(callbackToken !== undefined && { token: callbackToken }) };
}

/** The fields to be set, with the values that were read. */
function asRead(read: object, set: object): object {
  return Object.fromEntries(Object.entries(read).filter(([field]) => field in set));
}
