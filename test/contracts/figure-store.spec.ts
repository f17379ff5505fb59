import { describe, expect, it } from '@jest/globals';
import { FigureStore, FIGURES_KEPT_MS } from '../../src/record/figure-store.js';
import { MINUTE_MS, NO_FIGURES } from '../../src/record/figures.js';
import { keptMongo } from '../support/kept-mongo.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type OpenedStore, openStore } from '../support/stores.js';
import { figureStoreContract, type OpenedFigures } from './figure-store.contract.js';

function toFigures({ get, reopen, close }: OpenedStore): OpenedFigures {
  return { figures: get(FigureStore), reopen: async () => toFigures(await reopen()), close };
}

const openFigures = async (place: Place): Promise<OpenedFigures> => toFigures(await openStore(place));

describe('embedded', () => {
  figureStoreContract(() => openFigures(embeddedPlace()));

  it('removes what is older than three days', async () => {
    const { figures, close } = await openFigures(embeddedPlace());
    const nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    await figures.add('one', nowMs - FIGURES_KEPT_MS - MINUTE_MS, NO_FIGURES);
    await figures.add('one', nowMs - FIGURES_KEPT_MS, NO_FIGURES);
    await figures.add('one', nowMs, NO_FIGURES);
    expect(await figures.list(0, MINUTE_MS)).toHaveLength(2);
    await close();
  });
});
mongoSuite('mongodb', () => {
  const open = keptMongo();
  figureStoreContract(async () => toFigures(await open()));
});
