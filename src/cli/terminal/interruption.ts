/** Ctrl-C and SIGTERM end the process at once, unless work has something to clean up first. */
import { onceEach } from '../../kernel/sent-signal.js';
import { EXIT_CODE } from './exit-code.js';

/** Thrown by interrupted work; what was done until then stays. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/** Aborts the work that is under way. */
let stopping: AbortController | null = null;

export function endOnSignals(): void {
  const listener = onceEach((signal) =>
    end(signal === 'SIGINT' ? EXIT_CODE.interrupted : EXIT_CODE.terminated),
  );
  process.on('SIGINT', listener).on('SIGTERM', listener);
}

/** Ends once the reader of standard output has closed it, as in `… | head`. */
export function endOnClosedOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end(EXIT_CODE.outputClosed);
  });
}

/** A second signal ends the process without waiting. */
function end(exitCode: number): void {
  if (stopping === null || stopping.signal.aborted) process.exit(exitCode);
  stopping.abort(new InterruptedError(exitCode));
}

/** @param work observes the signal, whose reason is an `InterruptedError`. */
export async function interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  stopping = new AbortController();
  try {
    return await work(stopping.signal);
  } finally {
    stopping = null;
  }
}
