/** Milliseconds with two digits after the point: enough for a person, short in a log. */
export function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
