import { useEffect, useState } from 'preact/hooks';
import { focusHeading } from '../components/heading-focus.js';
import type { Page } from '../api/page.js';
import { filledPage } from './pages.js';
import { recall, recallScroll, remember } from './place.js';
import { type Polled, usePolled } from './polled.js';

export interface Paged<T> extends Polled<Page<T>> {
  /** Counted from 1. */
  readonly pageNumber: number;
  /** null on the first page. */
  readonly toPrevious: (() => void) | null;
  /** null on the last page. */
  readonly toNext: (() => void) | null;
}

interface Held {
  readonly key: string;
  /** Where each page up to this one begins. */
  readonly cursors: readonly (string | null)[];
}

const EVERY_MS = 5_000;

/**
 * One page of a list at a time, kept fresh. Another `key` begins at the first page. Whoever comes back to it in the browser's
 * history finds the page, and how far it was scrolled, as they left it.
 */
export function usePaged<T>(
  key: string,
  load: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>,
): Paged<T> {
  const [held, setHeld] = useState<Held>(() => recall<Held>('paged') ?? { key, cursors: [null] });
  const cursors = held.key === key ? held.cursors : [null];
  const setCursors = (next: Held['cursors']): void => {
    setHeld({ key, cursors: next });
    remember('paged', { key, cursors: next });
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
  return {
    ...polled,
    pageNumber: cursors.length,
    toPrevious: cursors.length > 1 ? () => setCursors(cursors.slice(0, -1)) : null,
    toNext: next === null ? null : () => setCursors([...cursors, next]),
  };
}
