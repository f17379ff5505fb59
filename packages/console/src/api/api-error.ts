/** The manager refused, and said why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** Of HTTP. */
    readonly status: number,
    /** The manager's stable code; null where something before it answered. */
    readonly code: string | null,
    message: string,
    /** By which its log can be searched. */
    readonly requestId: string | null,
  ) {
    super(message);
  }
}
