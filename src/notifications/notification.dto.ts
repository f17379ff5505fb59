import type { CauseAnswer } from '../insight/verdict/verdict.dto.js';
import { IsInt, IsISO8601, Max, Min } from 'class-validator';

/** A trouble as it was told. */
export class ToldTroubleAnswer {
  readonly cause!: CauseAnswer;

  /** Whether it was told as over. */
  readonly isOver!: boolean;
}

/** One URL of NOTIFY_URL, without it: it contains its own key. */
export class ReceiverAnswer {
  /**
   * As the log names it.
   * @example dPMbGXDWnqPhEuk-TbGYbA
   */
  readonly id!: string;

  /**
   * robot: a group robot of WeCom. webhook: any other URL.
   * @example robot
   */
  readonly kind!: 'robot' | 'webhook';

  /**
   * Host and port of the URL.
   * @example qyapi.weixin.qq.com
   */
  readonly host!: string;

  /**
   * Troubles that it was told of and that are not over.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly troubles!: number;

  /**
   * When a message last went out; ISO 8601, UTC. null: none yet.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly toldAt!: string | null;

  /** What that message told. What was over is known for an hour more. */
  readonly told!: ToldTroubleAnswer[];

  /**
   * When a message last failed; ISO 8601, UTC. null: none yet.
   * @example 2026-01-31T07:00:00.000Z
   */
  @IsISO8601()
  readonly failedAt!: string | null;

  /** Why it failed then. */
  readonly failure!: string | null;
}

export class ReceiversAnswer {
  /** In the order of NOTIFY_URL; empty while it is not set. */
  readonly items!: ReceiverAnswer[];
}

/** What became of a test message. */
export class TestedReceiverAnswer {
  /**
   * robot: a group robot of WeCom. webhook: any other URL.
   * @example robot
   */
  readonly kind!: 'robot' | 'webhook';

  /** @example true */
  readonly sent!: boolean;

  /**
   * The HTTP status that it answered; null without an answer.
   * @example 200
   */
  @IsInt()
  @Min(100)
  @Max(999)
  readonly status!: number | null;

  /**
   * WeCom's errcode; null where there is none.
   * @example 0
   */
  @IsInt()
  readonly errcode!: number | null;

  /** Why it was not sent, and what to do; null where it was. */
  readonly fault!: string | null;
}

export class TestedReceiversAnswer {
  /** In the order of NOTIFY_URL. */
  readonly items!: TestedReceiverAnswer[];
}
