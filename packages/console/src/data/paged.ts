import { useEffect, useState } from 'preact/hooks';
import { focusHeading } from '../components/heading-focus.js';
import type { Page } from '../api/page.js';
import { filledPage } from './pages.js';
import { recall, recallScroll, remember } from './place.js';
import { type Polled, usePolled } from './polled.js';

export interface Paged<T> extends Polled<Page<T>> {
  /** Counted from 1. */
  readonly pageNumber: number;
  /** How many items are on the pages before. */
  readonly offset: number;
  /** null on the first page. */
  readonly toPrevious: (() => void) | null;
  /** null on the last page. */
  readonly toNext: (() => void) | null;
}

interface Held {
  readonly key: string;
  /** Where each page up to this one begins. */
  readonly cursors: readonly (string | null)[];
  /** How many items come before each of them. */
  readonly offsets: readonly number[];
}

const FIRST: Omit<Held, 'key'> = { cursors: [null], offsets: [0] };

const EVERY_MS = 5_000;

/**
 * One page of a list at a time, kept fresh. Another `key` begins at the first page. Whoever comes back to it in the browser's
 * history finds the page, and how far it was scrolled, as they left it.
 */
export function usePaged<T>(
  key: string,
  load: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): Paged<T> {
  const [held, setHeld] = useState<Held>(() => recall<Held>('paged') ?? { key, ...FIRST });
  const { cursors, offsets } = held.key === key ? held : FIRST;
  const goTo = (next: Omit<Held, 'key'>): void => {
    setHeld({ key, ...next });
    remember('paged', { key, ...next });
    // The button that was pressed goes with its page.
    focusHeading();
    scrollTo(0, 0);
  };
  const cursor = cursors.at(-1) ?? null;
  const polled = usePolled(
    `${key} ${cursor}`,
    (signal) => filledPage(cursor, (from) => load(from, signal)),
    EVERY_MS,
  );
  const isThere = polled.data !== null;
  useEffect(() => (isThere ? recallScroll() : undefined), [isThere]);
  const next = polled.data?.nextCursor ?? null;
  const offset = offsets.at(-1) ?? 0;
  const end = offset + (polled.data?.items.length ?? 0);
  return {
    ...polled,
    pageNumber: cursors.length,
    offset,
    toPrevious:
      cursors.length > 1
        ? () => goTo({ cursors: cursors.slice(0, -1), offsets: offsets.slice(0, -1) })
        : null,
    toNext: next === null ? null : () => goTo({ cursors: [...cursors, next], offsets: [...offsets, end] }),
  };
}
