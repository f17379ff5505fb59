import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Polled<T> {
  /** The last that came, also while newer ones fail; null before the first. */
  readonly data: T | null;
  /** Why the last try failed. */
  readonly error: Error | null;
  refresh(): void;
}

interface Held<T> {
  readonly key: string;
  readonly data: T | null;
  readonly error: Error | null;
}

/**
 * Loads now and then every `everyMs`, while the tab is seen.
 * @param key what is loaded: another key begins anew.
 */
export function usePolled<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): Polled<T> {
  const [held, setHeld] = useState<Held<T>>({ key, data: null, error: null });
  const [turn, setTurn] = useState(0);
  const loading = useRef(load);
  loading.current = load;

  // A turn is one refresh that was asked for.
  useEffect(
    () =>
      repeat(everyMs, (signal) =>
        loading.current(signal).then(
          (data) => !signal.aborted && setHeld({ key, data, error: null }),
          (error: Error) =>
            !signal.aborted &&
            setHeld((before) => ({ key, data: before.key === key ? before.data : null, error })),
        ),
      ),
    [key, everyMs, turn],
  );
  const refresh = useCallback(() => setTurn((before) => before + 1), []);
  return held.key === key
    ? { data: held.data, error: held.error, refresh }
    : { data: null, error: null, refresh };
}

/** Runs at once and `everyMs` after each end; not while the tab is hidden. @returns what ends it. */
function repeat(everyMs: number, run: (signal: AbortSignal) => Promise<unknown>): () => void {
  const end = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  const turn = async (): Promise<void> => {
    clearTimeout(timer);
    if (document.hidden || isRunning) return;
    isRunning = true;
    await run(end.signal);
    isRunning = false;
    if (!end.signal.aborted) timer = setTimeout(turn, everyMs);
  };
  document.addEventListener('visibilitychange', turn, { signal: end.signal });
  void turn();
  return () => {
    end.abort();
    clearTimeout(timer);
  };
}
