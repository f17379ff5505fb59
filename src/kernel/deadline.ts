import { AppError } from './app-error.js';
import { startTimer } from './clock.js';

/**
 * Settles as `work` does, or rejects with `STORE_UNAVAILABLE` after `limitMs`. The work goes on after that, and its result is
 * ignored. Runs on the system's clock, since it bounds real I/O.
 */
export async function withinDeadline<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = startTimer(limitMs, () => {
    reject(new AppError('STORE_UNAVAILABLE', { internal: { what, limitMs } }));
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    timer.cancel();
  }
}

/** As `withinDeadline`. @returns `null` in place of a rejection with an `AppError`. */
export async function answerInTime<T>(limitMs: number, what: string, work: Promise<T>): Promise<T | null> {
  try {
    return await withinDeadline(limitMs, what, work);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
