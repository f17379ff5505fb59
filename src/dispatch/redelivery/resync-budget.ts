/**
 * A corp that calls sync_msg ten times in a minute without a valid sync token gets no answers for a minute
 * (developer.work.weixin.qq.com/document/path/94670); its puppets' own polls count too.
 */
export const RESYNCS_PER_WINDOW = 6;
export const RESYNC_WINDOW_MS = 60_000;

/**
 * How often puppets of a corp may be told to sync without a token, over all processes on the store and
 * over restarts. `nowMs` is the store clock's. Rejects with AppError `STORE_UNAVAILABLE`; nothing was granted then.
 */
export abstract class ResyncBudget {
  /** @returns `null` when it may be sent now, and counts; else when to ask again, store time. */
  abstract take(corpId: string, nowMs: number): Promise<number | null>;

  /** What was taken at `takenAtMs` was not used: the puppet saw nothing. */
  abstract giveBack(corpId: string, takenAtMs: number): Promise<void>;
}

/** The grants of the window, oldest first, with one more where that is not more than `max`; or when there is room for one. */
export function grantOne(
  grants: readonly number[],
  nowMs: number,
  max = RESYNCS_PER_WINDOW,
): { readonly grants: readonly number[] } | { readonly retryAtMs: number } {
  // One that lies far ahead was taken before a clock was set back.
  const running = grants.filter((atMs) => Math.abs(nowMs - atMs) < RESYNC_WINDOW_MS);
  const [oldest] = running;
  if (running.length >= max && oldest !== undefined) return { retryAtMs: oldest + RESYNC_WINDOW_MS };
  return { grants: [...running, nowMs] };
}
