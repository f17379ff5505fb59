import { IsInt, IsISO8601, Min } from 'class-validator';
import type { FailureAnswer, FailureReasonAnswer } from '../answers/failure.dto.js';
import type { HintAnswer } from '../answers/hint.dto.js';
import type { LastHourAnswer } from '../answers/last-hour.dto.js';
import { Page } from '../../http/answers/page.dto.js';
import type { DeliveryOccasion } from '../../queue/failure.js';

/** A delivery that a puppet took. */
export class LastDeliveryAnswer {
  /**
   * When the puppet took it; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;

  /** @example 200 */
  @IsInt()
  readonly status!: number;

  /** @example 4.2 */
  @Min(0)
  readonly durationMs!: number;

  /** @example inline */
  readonly occasion!: DeliveryOccasion;
}

/** Why replies fail, and since when. */
export class ReplyFailureAnswer {
  /**
   * WeCom's errcode, or "unreachable" or "status" (of HTTP).
   * @example "40058"
   */
  readonly why!: string;

  /**
   * When the first of them failed; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string;
}

/** A registration and its latest deliveries, without its secrets. */
export class KfAccountAnswer {
  /** @example wkAAA */
  readonly openKfId!: string;

  /** @example Support */
  readonly name!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /** @example http://127.0.0.1:8080 */
  readonly endpoint!: string;

  /**
   * The first that applies: dead (a hint is dead), waiting (a hint waits), offline (the puppet has deregistered, or what is sent
   * there fails again and again), online.
   * @example waiting
   */
  readonly state!: 'dead' | 'waiting' | 'offline' | 'online';

  /** Whether its puppet has registered and can be reached, and nothing of it is dead. */
  readonly online!: boolean;

  /**
   * Its last registration or deregistration; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastOnlineAt!: string | null;

  /**
   * The address that it registered from.
   * @example 127.0.0.1
   */
  readonly registeredFrom!: string | null;

  /**
   * open: deliveries for it fail again and again, so only probes are sent.
   * @example closed
   */
  readonly circuit!: 'closed' | 'open';

  /** Its hint, waiting or dead. */
  readonly hint!: HintAnswer | null;

  /** The last delivery that any replica made; null: none within 3 days. */
  readonly lastDelivery!: LastDeliveryAnswer | null;

  /** The last failure that any replica saw, or that of its hint if that is later. */
  readonly lastFailure!: FailureAnswer | null;

  /**
   * When WeCom last took a reply of the account, through any replica; ISO 8601, UTC. null: none within 3 days.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastReplyAt!: string | null;

  /** Why the latest replies of the account failed, through any replica; null when they did not, or when there were none. */
  readonly replyFailure!: ReplyFailureAnswer | null;

  /** Set when WeCom last answered, to any replica, that it has no such account; null otherwise. */
  readonly noAccount!: ReplyFailureAnswer | null;

  readonly lastHour!: LastHourAnswer;

  /** The same for its endpoint, with all accounts there. */
  readonly endpointLastHour!: LastHourAnswer;

  /** The last failed attempt at its endpoint, for any account and at any replica; null: none is known. */
  readonly endpointLastFailure!: FailureAnswer | null;
}

export class KfAccountPageAnswer extends Page {
  /**
   * How many match, on all pages; null where only the store knows.
   * @example 305
   */
  @IsInt()
  @Min(0)
  readonly total!: number | null;

  readonly items!: KfAccountAnswer[];
}

/** The result of an operator's test. */
export class TestedAnswer {
  /** @example false */
  readonly taken!: boolean;

  /**
   * true: its bot takes messages, so the manager has pulled what is new and sent nothing to the bot. `taken` then says whether
   * WeCom answered.
   * @example false
   */
  readonly pulled!: boolean;

  /** The status that the puppet answered; null when it did not answer. */
  @IsInt()
  readonly status!: number | null;

  /** @example 4.2 */
  @Min(0)
  readonly durationMs!: number;

  /** The first 1 kB of the puppet's answer; null when there was none. */
  readonly body!: string | null;

  /** Why it was not taken; null when it was. */
  readonly failure!: FailureReasonAnswer | null;
}
