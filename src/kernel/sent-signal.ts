/** npm passes a signal on within this time. A person needs longer to send a second one. */
export const PASSED_ON_MS = 100;

/**
 * Counts a signal that comes twice within `PASSED_ON_MS` once. A terminal sends Ctrl-C to npm and to the program that npm runs,
 * and a service manager sends SIGTERM to both. npm then passes the signal on, so that the program gets it twice.
 * @param nowMs on a clock that never jumps.
 */
export function onceEach(
  listener: (signal: NodeJS.Signals) => void,
  nowMs: () => number = () => performance.now(),
): NodeJS.SignalsListener {
  let taken: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null;
  return (signal) => {
    const atMs = nowMs();
    if (taken?.signal === signal && atMs - taken.atMs < PASSED_ON_MS) return;
    taken = { signal, atMs };
    listener(signal);
  };
}
