import { describe } from '@jest/globals';
import { ResyncBudget } from '../../src/dispatch/resync-budget.js';
// Opens either store, hence the run's MongoDB.
import { embeddedPlace } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { type OpenedBudget, resyncBudgetContract } from './resync-budget.contract.js';

function budgetOf({ get, reopen, close }: OpenedStore): OpenedBudget {
  return { budget: get(ResyncBudget), reopen: async () => budgetOf(await reopen()), close };
}

describe('embedded', () => resyncBudgetContract(async () => budgetOf(await openStore(embeddedPlace()))));
