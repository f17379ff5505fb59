import { AppError } from './app-error.js';

/**
 * Gives what `work` gives, or rejects with `STORE_UNAVAILABLE` after `limitMs`. The work itself is not
 * stopped: whatever it does later has no reader. Runs on the system's clock, since it bounds real I/O.
 */
export async function withinDeadline<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let timeout: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timeout = setTimeout(() => {
      // What came while the process stood still was in time.
      immediate = setImmediate(() => {
        reject(new AppError('STORE_UNAVAILABLE', { internal: { what, limitMs } }));
      });
    }, limitMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timeout);
    clearImmediate(immediate);
  }
}
