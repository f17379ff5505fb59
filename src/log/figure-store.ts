import { Injectable } from '@nestjs/common';
import { REPLICA } from '../kernel/replica.js';
import {
  firstIdAt,
  type Journal,
  type JournalEntry,
  JournalIds,
  type JournalPage,
  type JournalKind,
  Journals,
  LAST_ID,
} from '../storage/journal/journal.js';
import { type Figures, type IntervalFigures, inIntervals } from './figures.js';

/** How long figures are kept. */
export const FIGURES_KEPT_MS = 7 * 86_400_000;
/** Entries read at a time. To decode them takes one turn of the event loop some milliseconds. */
const PAGE = 1_000;
/** With what else they have, which may be much. */
const WHOLE_PAGE = 20;

/** What one replica did within a minute, or within a part of it. */
export interface FigureEntry extends JournalEntry {
  readonly replica: string;
  readonly figures: Figures;
  /** What else the others have to know: JSON, which is not read for a chart. `null` for nothing. */
  readonly facts: string | null;
}

export const FIGURES: JournalKind<FigureEntry> = {
  name: 'figures',
  columns: { replica: 'TEXT', figures: 'JSON', facts: 'TEXT' },
  fields: [],
  common: {},
  marks: {},
  blank: { facts: null },
  isLasting: false,
};

/** What each replica did in each minute. */
@Injectable()
export class FigureStore {
  readonly #journal: Journal<FigureEntry>;
  readonly #ids = new JournalIds();

  constructor(journals: Journals) {
    this.#journal = journals.open(FIGURES, { keptMs: FIGURES_KEPT_MS });
  }

  /**
   * Adds to the figures of the same replica and minute. Of levels, the highest value counts. Figures older than three days are
   * removed, now or soon.
   * @param minuteMs when the minute began, store time.
   * @throws AppError `STORE_UNAVAILABLE`; it may have been added or not.
   */
  async add(replica: string, minuteMs: number, figures: Figures, facts: string | null = null): Promise<void> {
    await this.#journal.append([{ id: this.#ids.next(minuteMs), atMs: minuteMs, replica, figures, facts }]);
  }

  /** The entries of the other replicas, of minutes that began at `fromMs` or later, the newest first. @throws AppError `STORE_UNAVAILABLE` */
  async *ofOthers(fromMs: number): AsyncGenerator<FigureEntry> {
    for (let before: string | null = LAST_ID; before !== null;) {
      const page: JournalPage<FigureEntry> = await this.#journal.page({
        except: ['replica', REPLICA],
        from: firstIdAt(fromMs),
        before,
        limit: WHOLE_PAGE,
      });
      yield* page.entries;
      before = page.nextBefore;
    }
  }

  /**
   * The sums over all replicas since `fromMs`, in intervals that begin at multiples of `intervalMs`. Of levels, the highest
   * value counts. Intervals without figures are left out.
   * @param intervalMs whole minutes.
   * @returns oldest first.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async list(fromMs: number, intervalMs: number): Promise<readonly IntervalFigures[]> {
    let sums: readonly IntervalFigures[] = [];
    for (let before: string | null = LAST_ID; before !== null;) {
      const page = await this.#journal.page({ from: firstIdAt(fromMs), before, limit: PAGE });
      // An id may be later than its minute, where the clock stepped back.
      const found = page.entries.filter(({ atMs }) => atMs >= fromMs);
      sums = inIntervals([...sums, ...found], intervalMs);
      before = page.nextBefore;
    }
    return sums;
  }
}
