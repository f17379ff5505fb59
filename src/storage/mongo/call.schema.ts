/** Written by the driver itself, as hints are: see `hint.schema.ts`. */
export const CALLS = 'wxkfcalls';

/** The calls of one key in one window of one limit, over all processes. */
export interface CallRecord {
  /** `callId`. */
  readonly _id: string;
  /** What was asked for; it may be more than there was. */
  readonly count: number;
  /** MongoDB removes the record then. */
  readonly keptUntil: Date;
}

/** After its window, for a process whose store clock is a little late. */
const KEPT_MS = 60_000;

/** @param limitName has no space, which any key may have. */
export function callId(key: string, limitName: string, windowStartMs: number): string {
  return `${limitName} ${windowStartMs} ${key}`;
}

export function keptUntil(windowEndMs: number): Date {
  return new Date(windowEndMs + KEPT_MS);
}
