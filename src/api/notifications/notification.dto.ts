import type { CauseAnswer } from '../answers/cause.dto.js';
import { IsInt, IsISO8601, Max, Min } from 'class-validator';

/** A trouble as it was told. */
export class ToldTroubleAnswer {
  readonly cause!: CauseAnswer;

  /** Whether it was told as over. */
  readonly isOver!: boolean;
}

/** A message to a receiver that did not go out. */
export class ReceiverFailureAnswer {
  /**
   * When it failed; ISO 8601, UTC.
   * @example 2026-01-31T07:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /** In words, without any secret. */
  readonly reason!: string;
}

/** One receiver of NOTIFY_URL. The URL itself is left out, since it contains a key. */
export class ReceiverAnswer {
  /**
   * The receiver's id, which log lines have, too.
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
   * How many troubles it was told of that are not over.
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

  /** The troubles in that message. One that is over is listed for an hour. */
  readonly told!: ToldTroubleAnswer[];

  /** The last message that failed; null: none yet. */
  readonly lastFailure!: ReceiverFailureAnswer | null;
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
