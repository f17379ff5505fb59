import { mongo } from 'mongoose';
import { errorCodeOf } from '../../kernel/error-code.js';
import type { Secret } from '../../kernel/secret.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { fromFields, type RecordKind } from '../records/record-kind.js';
import type { StoreInspection, Visitor } from '../store/store-inspection.js';
import type { RecordDocument } from './records.js';
import { requireReadable } from './mongo-storage.module.js';
import {
  collectionOf,
  META,
  type MetaDocument,
  requireKnownSchema,
  requireNoOldCollections,
} from './mongo-store.js';
import { fromRecord, PUPPETS, type PuppetRecord } from './puppet.schema.js';
import { strictUri } from './strict-uri.js';

const LIMIT_MS = 3_000;
const CONNECT_OPTIONS = {
  appName: 'wxkf-manager check',
  serverSelectionTimeoutMS: LIMIT_MS,
  connectTimeoutMS: LIMIT_MS,
  socketTimeoutMS: 10_000,
};

/** Uses a connection of its own, since `MongoStore` changes the database when it connects. @throws StorageStartError */
export async function inspectMongo(uri: Secret, visitor: Visitor): Promise<StoreInspection> {
  requireReadable(uri);
  const client = new mongo.MongoClient(strictUri(uri).reveal(), CONNECT_OPTIONS);
  try {
    await client.connect();
    return await inspect(client.db(), visitor);
  } catch (cause) {
    if (cause instanceof StorageStartError) throw cause;
    throw new StorageStartError(`the database of MONGO_URI cannot be used: ${reasonOf(cause)}`, cause);
  } finally {
    await client.close();
  }
}

async function inspect(db: mongo.Db, visitor: Visitor): Promise<StoreInspection> {
  const clockAheadMs = await measureClock(db);
  const schema = await db.collection<MetaDocument>(META).findOne({ _id: 'schema' });
  requireKnownSchema(schema);
  await requireNoOldCollections(db);
  let records = 0;
  for (const kind of visitor.kinds) {
    for await (const stored of recordsIn(db, kind)) {
      records++;
      visitor.record(kind, stored);
    }
  }
  const known = db.collection<PuppetRecord>(PUPPETS).find({ supersededFrom: { $exists: false } });
  for await (const record of known) {
    records++;
    const puppet = fromRecord(record);
    if (puppet !== null) visitor.puppet(puppet);
  }
  return { kind: 'mongodb', state: schema === null && records === 0 ? 'new' : 'read', clockAheadMs };
}

/** As they are stored. */
async function* recordsIn(db: mongo.Db, kind: RecordKind<object>): AsyncGenerator<object> {
  const documents = db.collection<RecordDocument>(collectionOf(kind)).find();
  for await (const { fields } of documents) yield fromFields(kind, fields);
}

/** The server's time is taken for that of the middle of the round trip. */
async function measureClock(db: mongo.Db): Promise<number> {
  const askedMs = Date.now();
  const { localTime } = await db.command({ hello: 1 });
  return new Date(localTime).getTime() - (askedMs + Date.now()) / 2;
}

/** Error codes of MongoDB: authentication failed; not authorized. */
const REASONS = new Map([
  ['18', 'it refuses the user or the password of MONGO_URI'],
  ['13', 'its user may not read there; give it the role readWrite'],
]);

/** The driver's words may repeat parts of the URI, so only its codes and names are passed on. */
function reasonOf(error: unknown): string {
  const known = REASONS.get(errorCodeOf(error));
  if (known !== undefined) return known;
  const name = error instanceof Error ? error.name : 'Error';
  const [code = name] = /\b(E[A-Z]{4,}|ERR_[A-Z_]+)\b/.exec(String(error)) ?? [];
  if (name === 'MongoServerSelectionError') {
    return `no server that takes writes answers (${code}); look whether it runs, and whether host, port, replicaSet and TLS are right`;
  }
  return code;
}
