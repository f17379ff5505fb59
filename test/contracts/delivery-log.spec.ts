import { describe } from '@jest/globals';
import { DeliveryLog } from '../../src/record/delivery-log.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { deliveryLogContract, type OpenedLog } from './delivery-log.contract.js';

function toLog({ get, reopen, close }: OpenedStore): OpenedLog {
  return { deliveryLog: get(DeliveryLog), reopen: async () => toLog(await reopen()), close };
}

const openLog = async (place: Place): Promise<OpenedLog> => toLog(await openStore(place));

describe('embedded', () => deliveryLogContract(() => openLog(embeddedPlace())));
mongoSuite('mongodb', () => {
  const open = keptMongo();
  deliveryLogContract(async () => toLog(await open()));
});
