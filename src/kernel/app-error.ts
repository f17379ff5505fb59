import { ERRORS, type ErrorCode } from './error-table.js';

interface AppErrorOptions {
  /** Public: the field, the reason, the remedy. Never a secret's value. */
  readonly detail?: string;
  /** For the log alone. */
  readonly internal?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** When it is worth trying again, seconds. */
  readonly retryAfterS?: number;
}

/** The only error that domain code throws. Its meaning is its code; HTTP is known to `http/` alone. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly internal: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const { message } = ERRORS[code];
    super(options.detail ? `${message}: ${options.detail}` : message, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.internal = options.internal;
    this.retryAfterS = options.retryAfterS;
  }
}
