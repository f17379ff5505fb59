/** With milliseconds: what comes first is often the question. */
export function timeOf(atMs: number): string {
  const date = new Date(atMs);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
