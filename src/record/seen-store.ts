import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import {
  firstIdAt,
  type Journal,
  type JournalEntry,
  JournalIds,
  type JournalKind,
  Journals,
  LAST_ID,
} from '../storage/journal/journal.js';
import { recordConfig } from './record.config.js';

/** How long entries are kept. */
export const SEEN_KEPT_MS = 3 * 86_400_000;
/** An entry has not many more characters: all entries of one write are encoded in one turn of the event loop. */
export const PART_CHARS = 32_768;
const PARTS_PER_WRITE = 4;
/** Entries read at a time: they are decoded in one turn of the event loop. */
const PAGE = 4;
/** Some 130 MB. With many busy accounts these entries cover only the last hours. */
const ENTRIES_MAX = 4_000;
/** Of the room of the delivery log, which lies beside this journal. */
const SHARE_OF_LOG_MAX = 0.1;

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
  isRewritten: true,
};

const NOTHING = '[]';

/** What each replica has seen, by intervals. A replica that writes an interval again replaces its earlier entries of it. */
@Injectable()
export class SeenStore {
  readonly #journal: Journal<SeenEntry>;
  readonly #newIds = new JournalIds();
  #intervalMs = 0;
  /** The ids of this replica's entries of the interval under way. */
  #ids: string[] = [];

  constructor(
    journals: Journals,
    @Inject(recordConfig.KEY) {
      deliveryLogBytesMax,
    }: Pick<ConfigType<typeof recordConfig>, 'deliveryLogBytesMax'>,
  ) {
    const share = Math.floor((deliveryLogBytesMax * SHARE_OF_LOG_MAX) / PART_CHARS);
    this.#journal = journals.open(SEEN, { keptMs: SEEN_KEPT_MS, entriesMax: Math.min(ENTRIES_MAX, share) });
  }

  /**
   * @param startMs when the interval began, store time; never before that of the last call.
   * @param parts JSON, lists.
   * @throws Error where the store is away; some of it may be written.
   */
  async write(replica: string, startMs: number, parts: readonly string[]): Promise<void> {
    if (startMs !== this.#intervalMs) [this.#intervalMs, this.#ids] = [startMs, []];
    while (this.#ids.length < parts.length) this.#ids.push(this.#newIds.next(startMs));
    const entries = this.#ids.map((id, n) => ({ id, atMs: startMs, replica, seen: parts[n] ?? NOTHING }));
    for (let at = 0; at < entries.length; at += PARTS_PER_WRITE)
      await this.#journal.append(entries.slice(at, at + PARTS_PER_WRITE));
  }

  /**
   * Reads the entries of all replicas for the intervals that began at `fromMs` or later, the newest first.
   * @throws AppError `STORE_UNAVAILABLE`
   */
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
