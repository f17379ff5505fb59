import { useEffect, useState } from 'react';
import type { LoggedDeliveryAnswer } from '../../api/answers.gen.js';
import { type Paged, refresh } from '../../api/answers.js';
import { type LogFilter, useLoggedDeliveries } from '../../api/deliveries.js';
import { openStream } from '../../api/delivery-stream.js';
import type { Page } from '../../api/page.js';
import { toQuery } from '../../api/to-query.js';

/** A record is found in the log a second after it was made. */
const FOUND_MS = 1_200;

type Records = Page<LoggedDeliveryAnswer>;

export interface LogFeed {
  readonly paged: Paged<LoggedDeliveryAnswer>;
  /** How many came since the first page was drawn. */
  readonly fresh: number;
  /** Puts them on top. */
  readonly show: () => void;
}

/** The records of the log. The first page stays as it was drawn, until somebody wants to see what came since. */
export function useLogFeed(filter: LogFilter): LogFeed {
  const paged = useLoggedDeliveries(filter);
  const { data: latest, isPlaceholderData } = paged.of;
  const key = toQuery({ ...filter });
  const [held, setHeld] = useState<{ readonly key: string; readonly page: Records } | null>(null);
  const isFirst = paged.pageNumber === 1;
  const isLoaded = latest !== undefined && !isPlaceholderData;
  const isHeld = held?.key === key && held.page.items.length > 0;
  if (isFirst && isLoaded && !isHeld && held?.page !== latest) setHeld({ key, page: latest });
  if (!isFirst || !isLoaded || !isHeld) return { paged, fresh: 0, show: () => undefined };
  const known = new Set(held.page.items.map(({ id }) => id));
  const last = held.page.items.at(-1)?.at ?? '';
  return {
    // Of the records that are drawn and are still there, nothing changes.
    paged: { ...paged, of: { ...paged.of, data: held.page } as typeof paged.of },
    fresh: latest.items.filter(({ id, at }) => !known.has(id) && at >= last).length,
    show: () => setHeld({ key, page: latest }),
  };
}

export type StreamState = 'connecting' | 'open' | 'lost';

/** Asks for the records whenever something is delivered, and says whether that works. @param openKfId empty for all. */
export function useStream(openKfId: string): { state: StreamState; replica: string } {
  const [stream, setStream] = useState({ state: 'connecting' as StreamState, replica: '' });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lookSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void refresh('/api/v1/deliveries');
      }, FOUND_MS);
    };
    const close = openStream(openKfId, {
      opened: (replica) => setStream({ state: 'open', replica }),
      delivered: lookSoon,
      skipped: lookSoon,
      lost: () => {
        setStream((before) => ({ ...before, state: 'lost' }));
        // Says whether the session has ended or the manager is gone.
        lookSoon();
      },
    });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [openKfId]);
  return stream;
}
