import type { ErrorCode } from '../../kernel/error-table.js';
import { IsInt } from '../../kernel/class-validator.js';

/** The one shape of an error, everywhere but on the two routes that stand for WeCom's own. */
export class ManagerErrorAnswer {
  /**
   * The HTTP status.
   * @example 404
   */
  @IsInt()
  readonly code!: number;

  /**
   * What is wrong and what to do about it.
   * @example "No puppet is registered for this kf account"
   */
  readonly message!: string;

  /**
   * Once published, it keeps its meaning.
   * @example REGISTRY_PUPPET_NOT_FOUND
   */
  readonly error!: ErrorCode;

  /**
   * The request's x-request-id, which stands in the manager's log.
   * @example 7d793037a0760186
   */
  readonly requestId!: string;
}

/** There a caller reads WeCom's errors and ours alike. */
export class WecomErrorAnswer {
  /**
   * The HTTP status, which no error of WeCom's is.
   * @example 504
   */
  @IsInt()
  readonly errcode!: number;

  /**
   * What is wrong and what to do about it.
   * @example "WeCom cannot be reached or does not answer in time"
   */
  readonly errmsg!: string;
}
