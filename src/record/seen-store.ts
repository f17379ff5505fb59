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

/** How long it is kept. */
export const SEEN_KEPT_MS = 3 * 86_400_000;
/**
 * Some 140 MB, of an installation that is very busy: a quarter of an hour of ten thousand accounts at one replica are 120
 * entries. A small one has not so many.
 */
const ENTRIES_MAX = 2_000;
/** An entry may have 100 kB, and all that is read at once is decoded in one turn of the event loop. */
const PAGE = 10;

/** A part of what one replica has seen. */
export interface SeenEntry extends JournalEntry {
  readonly replica: string;
  /** JSON. */
  readonly seen: string;
}

export const SEEN: JournalKind<SeenEntry> = {
  name: 'seen',
  columns: { replica: 'TEXT', seen: 'TEXT' },
  fields: [],
  common: {},
  marks: {},
  blank: {},
  isLasting: false,
};

const NOTHING = '[]';

/** What each replica has seen, by intervals. What one writes of an interval takes the place of what it wrote of it before. */
@Injectable()
export class SeenStore {
  readonly #journal: Journal<SeenEntry>;
  readonly #newIds = new JournalIds();
  #intervalMs = 0;
  /** Those of the interval under way. */
  #ids: string[] = [];

  constructor(journals: Journals) {
    this.#journal = journals.open(SEEN, { keptMs: SEEN_KEPT_MS, entriesMax: ENTRIES_MAX });
  }

  /**
   * @param startMs when the interval began, store time; never before that of the last call.
   * @param parts JSON, lists.
   * @throws AppError `STORE_UNAVAILABLE`; some of it may be written.
   */
  async write(replica: string, startMs: number, parts: readonly string[]): Promise<void> {
    if (startMs !== this.#intervalMs) [this.#intervalMs, this.#ids] = [startMs, []];
    while (this.#ids.length < parts.length) this.#ids.push(this.#newIds.next(startMs));
    if (this.#ids.length === 0) return;
    await this.#journal.append(
      this.#ids.map((id, n) => ({ id, atMs: startMs, replica, seen: parts[n] ?? NOTHING })),
    );
  }

  /** @returns what was written of the intervals that began since then, of all replicas, the newest first. @throws AppError `STORE_UNAVAILABLE` */
  async *read(fromMs: number): AsyncGenerator<SeenEntry> {
    for (let before: string | null = LAST_ID; before !== null;) {
      const page: { entries: readonly SeenEntry[]; nextBefore: string | null } = await this.#journal.page({
        from: firstIdAt(fromMs),
        before,
        limit: PAGE,
      });
      yield* page.entries;
      before = page.nextBefore;
    }
  }
}
