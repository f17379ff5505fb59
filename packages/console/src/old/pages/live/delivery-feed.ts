import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { DeliveryAnswer } from '../../api/answers.gen.js';
import { type DeliveryFilter, searchDeliveries } from '../../api/deliveries.js';
import { openStream } from '../../api/delivery-stream.js';
import { UnreachableError } from '../../api/unreachable-error.js';

/** So many rows a page holds without becoming slow. */
export const ROWS_MAX = 200;

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open'; readonly replica: string }
  | { readonly kind: 'lost' };

export interface DeliveryFeed {
  /** The newest first. */
  readonly rows: readonly DeliveryAnswer[];
  readonly state: StreamState;
  /** How many came while it was paused. */
  readonly meanwhile: number;
  /** How many the stream left out. */
  readonly skipped: number;
  /** Why the stream was lost, where the manager says so. */
  readonly error: Error | null;
}

const EMPTY: DeliveryFeed = {
  rows: [],
  state: { kind: 'connecting' },
  meanwhile: 0,
  skipped: 0,
  error: null,
};

/**
 * Deliveries since the page was opened, each new one on top; what was before, or missed in a break, is in the delivery log.
 * While it is paused the rows stay as they are, and what comes is counted and kept for later.
 */
export function useDeliveryFeed({ openKfId, outcome }: DeliveryFilter, isPaused: boolean): DeliveryFeed {
  const [feed, setFeed] = useState(EMPTY);
  const [frozen, setFrozen] = useState<DeliveryFeed | null>(null);

  useEffect(() => {
    const filter = { openKfId, outcome };
    const end = new AbortController();
    const change = (to: (before: DeliveryFeed) => DeliveryFeed) => !end.signal.aborted && setFeed(to);
    const ask = () =>
      searchDeliveries({}, null, end.signal, 1).then(
        () => change((before) => ({ ...before, error: null })),
        // Of the session and the connection every page tells by itself.
        (error: Error) =>
          change((before) => ({ ...before, error: error instanceof UnreachableError ? null : error })),
      );
    setFeed(EMPTY);
    // Rows of another filter are not those that are asked for now.
    setFrozen((before) => before && EMPTY);
    const close = openStream(filter, {
      opened: (replica) => {
        change((before) => ({ ...before, state: { kind: 'open', replica }, error: null }));
      },
      delivered: (delivery) =>
        change((before) => ({
          ...before,
          rows: merge(before.rows, [delivery]),
          meanwhile: before.meanwhile + 1,
        })),
      skipped: (count) => change((before) => ({ ...before, skipped: before.skipped + count })),
      lost: () => {
        change((before) => ({ ...before, state: { kind: 'lost' } }));
        // Says whether the session has ended or the manager is gone.
        void ask();
      },
    });
    return () => {
      end.abort();
      close();
    };
  }, [openKfId, outcome]);

  // At once: what comes a moment later counts as having come meanwhile.
  useLayoutEffect(() => {
    setFrozen(isPaused ? feed : null);
    setFeed((before) => ({ ...before, meanwhile: 0 }));
  }, [isPaused]);

  return isPaused && frozen !== null ? { ...feed, rows: frozen.rows } : feed;
}

/** Each once, the newest first, as many as are shown. */
function merge(rows: readonly DeliveryAnswer[], more: readonly DeliveryAnswer[]): readonly DeliveryAnswer[] {
  const known = new Set(rows.map(({ id }) => id));
  const fresh = more.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return rows;
  return [...fresh, ...rows].sort((one, other) => other.at.localeCompare(one.at)).slice(0, ROWS_MAX);
}
