import type { ErrorCode } from '../../kernel/error-table.js';
import { IsInt } from 'class-validator';

/** The shape of an error on all routes, except those that stand for WeCom's API. */
export class ManagerErrorAnswer {
  /**
   * The HTTP status.
   * @example 404
   */
  @IsInt()
  readonly code!: number;

  /**
   * What is wrong, and the remedy.
   * @example "No puppet is registered for this kf account"
   */
  readonly message!: string;

  /**
   * A stable code: its meaning does not change.
   * @example REGISTRY_PUPPET_NOT_FOUND
   */
  readonly error!: ErrorCode;

  /**
   * The request's x-request-id, as in the manager's log.
   * @example 7d793037a0760186
   */
  readonly requestId!: string;
}

/** The shape of an error on routes that stand for WeCom's API. */
export class WecomErrorAnswer {
  /**
   * The HTTP status. No errcode of WeCom equals it.
   * @example 504
   */
  @IsInt()
  readonly errcode!: number;

  /**
   * What is wrong, and the remedy.
   * @example "WeCom cannot be reached or does not answer in time"
   */
  readonly errmsg!: string;
}
