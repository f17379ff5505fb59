import { describe } from '@jest/globals';
import { merge } from '../../src/dispatch/outbox/hint.js';
import { Outbox } from '../../src/dispatch/outbox/outbox.js';
import { HINTS, type HintRecord, toRecord } from '../../src/storage/mongo/hint.schema.js';
import { MongoStore } from '../../src/storage/mongo/mongo-store.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedOutbox, outboxContract } from './outbox.contract.js';

const PIECE = 1_000;

function toOutbox({ get, reopen, close }: OpenedStore): OpenedOutbox {
  return { outbox: get(Outbox), reopen: async () => toOutbox(await reopen()), close };
}

const openOutbox = async (place: Place): Promise<OpenedOutbox> => toOutbox(await openStore(place));

function toMongoOutbox(store: OpenedStore): OpenedOutbox {
  return {
    ...toOutbox(store),
    putAll: async (hints, nowMs) => {
      const records = hints.map((hint) => toRecord(merge(null, hint, nowMs)));
      const stored = store.get(MongoStore).collection<HintRecord>(HINTS);
      // In pieces: the stand-in answers nobody else during one.
      for (let at = 0; at < records.length; at += PIECE)
        await stored.insertMany(records.slice(at, at + PIECE));
    },
  };
}

describe('embedded', () => outboxContract(() => openOutbox(embeddedPlace())));
mongoSuite('mongodb', () => {
  const open = keptMongo();
  outboxContract(async () => toMongoOutbox(await open()));
});
