/** Ctrl-C and SIGTERM: the process ends at once, but for work that has something to put away first. */
import { EXIT_CODE } from './exit-code.js';

/** Thrown by what was broken off; what was done until then stays. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/** Of the work under way that ends by itself. */
let stopping: AbortController | null = null;

export function endOnSignals(): void {
  process.on('SIGINT', () => end(EXIT_CODE.interrupted));
  process.on('SIGTERM', () => end(EXIT_CODE.terminated));
}

/** A second signal does not wait any more. */
function end(exitCode: number): void {
  if (stopping === null || stopping.signal.aborted) process.exit(exitCode);
  stopping.abort(new Interrupted(exitCode));
}

/** @param work heeds the signal, whose reason is an `Interrupted`. */
export async function interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  stopping = new AbortController();
  try {
    return await work(stopping.signal);
  } finally {
    stopping = null;
  }
}
