import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REPLICA } from '../../src/kernel/replica.js';
import type { FigureStore } from '../../src/log/figure-store.js';
import { type Figures, MINUTE_MS, NO_FIGURES } from '../../src/log/figures.js';

export interface OpenedFigures {
  readonly figures: FigureStore;
  reopen(): Promise<OpenedFigures>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
/** At the full hour; of now, since a database removes what is old by its own clock. */
const NOW_MS = Math.floor(Date.now() / (2 * HALF_HOUR_MS)) * 2 * HALF_HOUR_MS;

/** The promises of `FigureStore`, for every adapter. */
export function figureStoreContract(open: () => Promise<OpenedFigures>): void {
  describe('a store of figures', () => {
    let opened: OpenedFigures;
    const add = (minuteMs: number, figures: Partial<Figures>, replica = 'one') =>
      opened.figures.add(replica, minuteMs, { ...NO_FIGURES, ...figures });
    const list = (fromMs = NOW_MS, intervalMs = MINUTE_MS) => opened.figures.list(fromMs, intervalMs);
    const at = (atMs: number, figures: Partial<Figures>) => ({
      atMs,
      figures: { ...NO_FIGURES, ...figures },
    });

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    it('gives with whatever else they told the entries of other replicas, the newest first', async () => {
      await opened.figures.add(REPLICA, NOW_MS, NO_FIGURES, '{"own":1}');
      for (let minute = 0; minute < 25; minute++)
        await opened.figures.add(
          'other',
          NOW_MS + minute * MINUTE_MS,
          NO_FIGURES,
          minute === 3 ? null : `{"n":${minute}}`,
        );
      const facts: (string | null)[] = [];
      for await (const entry of opened.figures.ofOthers(NOW_MS + 2 * MINUTE_MS)) facts.push(entry.facts);
      expect(facts).toEqual(Array.from({ length: 23 }, (_, n) => (n === 21 ? null : `{"n":${24 - n}}`)));
    });

    it('adds up the replicas of a minute, oldest first, and of levels gives the highest', async () => {
      await add(NOW_MS + MINUTE_MS, { delivered: 1, waiting: 7 });
      await add(NOW_MS, { delivered: 3, kept: 2, waiting: 5, starts: 1 });
      await add(NOW_MS, { delivered: 4, buried: 1, waiting: 4 }, 'other');
      expect(await list()).toEqual([
        at(NOW_MS, { delivered: 7, kept: 2, buried: 1, waiting: 5, starts: 1 }),
        at(NOW_MS + MINUTE_MS, { delivered: 1, waiting: 7 }),
      ]);
    });

    it('adds to what one replica has told of a minute already', async () => {
      await add(NOW_MS, { starts: 1, dead: 2 });
      await add(NOW_MS, { delivered: 5, dead: 1 });
      expect(await list()).toEqual([at(NOW_MS, { starts: 1, delivered: 5, dead: 2 })]);
    });

    it('adds up the minutes of longer intervals, which begin at multiples of their length', async () => {
      await add(NOW_MS + MINUTE_MS, { delivered: 1, dead: 1 });
      await add(NOW_MS + 29 * MINUTE_MS, { delivered: 2, dead: 3 });
      await add(NOW_MS + 30 * MINUTE_MS, { delivered: 4 });
      expect(await list(NOW_MS, HALF_HOUR_MS)).toEqual([
        at(NOW_MS, { delivered: 3, dead: 3 }),
        at(NOW_MS + HALF_HOUR_MS, { delivered: 4 }),
      ]);
    });

    it('gives nothing from before, and nothing where there is nothing', async () => {
      await add(NOW_MS - MINUTE_MS, { delivered: 1 });
      expect(await list()).toEqual([]);
      expect(await list(NOW_MS - MINUTE_MS)).toHaveLength(1);
    });

    it('keeps what is not three days old, over a restart', async () => {
      await add(NOW_MS - 3 * DAY_MS + HALF_HOUR_MS * 2, { delivered: 1 });
      await add(NOW_MS, { delivered: 1 });
      opened = await opened.reopen();
      expect(await list(NOW_MS - 3 * DAY_MS)).toHaveLength(2);
    });
  });
}
