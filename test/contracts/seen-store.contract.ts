import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SEEN_KEPT_MS, type SeenEntry, type SeenStore } from '../../src/record/seen-store.js';

export interface OpenedSeen {
  readonly seen: SeenStore;
  reopen(): Promise<OpenedSeen>;
  close(): Promise<void>;
}

const QUARTER_MS = 15 * 60_000;
/** Of now, since a database removes what is old by its own clock. */
const NOW_MS = Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS;

/** The promises of `SeenStore`, for every adapter. */
export function seenStoreContract(open: () => Promise<OpenedSeen>): void {
  describe('a store of what replicas have seen', () => {
    let opened: OpenedSeen;

    async function list(fromMs = NOW_MS): Promise<Omit<SeenEntry, 'id'>[]> {
      const found: Omit<SeenEntry, 'id'>[] = [];
      for await (const { id: _, ...entry } of opened.seen.read(fromMs)) found.push(entry);
      return found;
    }

    const at = (atMs: number, seen: string) => ({ atMs, replica: 'one', seen });

    beforeEach(async () => {
      opened = await open();
    });

    afterEach(() => opened.close());

    it('has what was written last of an interval, in as many parts as there ever were', async () => {
      await opened.seen.write('one', NOW_MS, ['[1]', '[2]']);
      await opened.seen.write('one', NOW_MS, ['[1,2]']);
      expect(await list()).toEqual([at(NOW_MS, '[]'), at(NOW_MS, '[1,2]')]);
      await opened.seen.write('one', NOW_MS, ['[3]', '[4]', '[5]']);
      expect((await list()).map(({ seen }) => seen)).toEqual(['[5]', '[4]', '[3]']);
    });

    it('has each interval, the newest first, however many there are', async () => {
      for (let n = 0; n < 25; n++) await opened.seen.write('one', NOW_MS + n * QUARTER_MS, [`[${n}]`]);
      const all = Array.from({ length: 25 }, (_, n) => at(NOW_MS + n * QUARTER_MS, `[${n}]`));
      expect(await list()).toEqual(all.toReversed());
      expect(await list(NOW_MS + 20 * QUARTER_MS)).toEqual(all.slice(20).toReversed());
    });

    it('writes nothing where nothing was seen', async () => {
      await opened.seen.write('one', NOW_MS, []);
      expect(await list()).toEqual([]);
    });

    it('keeps it for three days, over a restart', async () => {
      await opened.seen.write('one', NOW_MS - SEEN_KEPT_MS + QUARTER_MS, ['[1]']);
      await opened.seen.write('one', NOW_MS, ['[2]']);
      opened = await opened.reopen();
      expect(await list(NOW_MS - SEEN_KEPT_MS)).toHaveLength(2);
    });
  });
}
