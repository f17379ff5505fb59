import { afterAll, beforeAll } from '@jest/globals';
import { type ManagerProcess, startManager } from './manager-process.js';
import type { Place } from './place.js';

export interface SuiteManager extends Pick<ManagerProcess, 'url' | 'line'> {
  /** Ends it by the signal and starts it again on the same data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
}

/** One manager for all tests of the suite in which this is called, on a place that is discarded after them. */
export function suiteManager(newPlace: () => Place): SuiteManager {
  let place: Place;
  let manager: ManagerProcess;

  beforeAll(async () => {
    place = newPlace();
    manager = await startManager(place.env);
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });

  return {
    get url() {
      return manager.url;
    },
    line: (is) => manager.line(is),
    restart: async (signal) => {
      await manager.stop(signal);
      manager = await startManager(place.env);
    },
  };
}
