/** The `code` that Node, a driver or a library put on an error, as text; `''` where there is none. */
export function errorCodeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
