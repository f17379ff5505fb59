/**
 * WeCom blocks sync_msg for a minute once a corp has called it ten times in a minute without a valid sync token
 * (developer.work.weixin.qq.com/document/path/94670). The puppets' own polls count too, so the budget is smaller.
 */
export const RESYNCS_PER_WINDOW = 6;
/** Endpoints and accounts that fail for long are probed without a token: one is left for whatever else waits. */
export const RESYNCS_OF_PROBES = RESYNCS_PER_WINDOW - 1;
export const RESYNC_WINDOW_MS = 60_000;

/**
 * Limits how often a corp's puppets are told to sync without a token, across all processes on the store and across
 * restarts. `nowMs` is store time. Rejects with AppError `STORE_UNAVAILABLE`; nothing was granted then.
 */
export abstract class ResyncBudget {
  /**
   * Takes one grant, if fewer than `max` were taken within the window.
   * @returns `null` when it was granted; otherwise when to ask again, store time.
   */
  abstract take(corpId: string, nowMs: number, max?: number): Promise<number | null>;

  /** Returns the grant taken at `takenAtMs`: the puppet received nothing. */
  abstract giveBack(corpId: string, takenAtMs: number): Promise<void>;
}

/** Adds a grant if the window has fewer than `max`. @returns the window's grants, oldest first; or when to ask again. */
export function grantOne(
  grants: readonly number[],
  nowMs: number,
  max = RESYNCS_PER_WINDOW,
): { readonly grants: readonly number[] } | { readonly retryAtMs: number } {
  // A grant far in the future was taken before a clock was set back: it does not count.
  const running = grants.filter((atMs) => Math.abs(nowMs - atMs) < RESYNC_WINDOW_MS);
  // There is room when this one is over.
  const last = running.length < max ? undefined : running[running.length - max];
  if (last !== undefined) return { retryAtMs: last + RESYNC_WINDOW_MS };
  return { grants: [...running, nowMs] };
}
