import { Injectable } from '@nestjs/common';
import {
  firstIdAt,
  type Journal,
  type JournalEntry,
  JournalIds,
  type JournalKind,
  Journals,
  LAST_ID,
} from '../storage/journal/journal.js';
import { type Figures, type IntervalFigures, inIntervals } from './figures.js';

/** How long figures are kept. */
export const FIGURES_KEPT_MS = 3 * 86_400_000;
/** Entries read at a time. To decode them takes one turn of the event loop some milliseconds. */
const PAGE = 1_000;

/** What one replica did within a minute, or within a part of it. */
interface FigureEntry extends JournalEntry {
  readonly replica: string;
  readonly figures: Figures;
}

export const FIGURES: JournalKind<FigureEntry> = {
  name: 'figures',
  columns: { replica: 'TEXT', figures: 'JSON' },
  fields: [],
  common: {},
  marks: {},
  blank: {},
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
  async add(replica: string, minuteMs: number, figures: Figures): Promise<void> {
    await this.#journal.append([{ id: this.#ids.next(minuteMs), atMs: minuteMs, replica, figures }]);
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
