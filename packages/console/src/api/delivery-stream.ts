import { toQuery } from './to-query.js';

const RECONNECT_MS = 3_000;

export interface StreamListener {
  /** The stream is open; `replica` is the one that it shows. */
  opened(replica: string): void;
  delivered(): void;
  /** The browser was too slow for so many. */
  skipped(count: number): void;
  /** It is tried again 3 s later. */
  lost(): void;
}

/**
 * Says when something is delivered, until the returned function is called. It reconnects by itself, also where the
 * browser would not: after an answer that is no stream.
 * @param openKfId only of this account; empty for all.
 */
export function openStream(openKfId: string, listener: StreamListener): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource(`/api/v1/stream${toQuery({ openKfId })}`);
    on<{ replica: string }>(source, 'hello', ({ replica }) => listener.opened(replica));
    source.addEventListener('delivery', () => listener.delivered());
    on<{ count: number }>(source, 'skipped', ({ count }) => listener.skipped(count));
    source.onerror = () => {
      source.close();
      listener.lost();
      timer = setTimeout(open, RECONNECT_MS);
    };
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

function on<T>(source: EventSource, name: string, handle: (data: T) => void): void {
  source.addEventListener(name, ({ data }: MessageEvent<string>) => handle(JSON.parse(data) as T));
}
