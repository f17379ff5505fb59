/** By then npm has passed a signal on, and nobody has sent a second one yet. */
export const PASSED_ON_MS = 100;

/**
 * Takes a signal that comes twice at once for one: the terminal sends Ctrl-C to npm and to the program that npm runs, a service
 * manager sends SIGTERM so, and npm then passes it on to the program.
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
