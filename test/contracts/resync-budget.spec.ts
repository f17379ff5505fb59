import { describe } from '@jest/globals';
import { ResyncBudget } from '../../src/dispatch/redelivery/resync-budget.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedBudget, resyncBudgetContract } from './resync-budget.contract.js';

function toBudget({ get, reopen, close }: OpenedStore): OpenedBudget {
  return { budget: get(ResyncBudget), reopen: async () => toBudget(await reopen()), close };
}

const openBudget = async (place: Place): Promise<OpenedBudget> => toBudget(await openStore(place));

describe('embedded', () => resyncBudgetContract(() => openBudget(embeddedPlace())));
mongoSuite('mongodb', () => {
  const open = keptMongo();
  resyncBudgetContract(async () => toBudget(await open()));
});
