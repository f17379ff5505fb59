import { IsInt, IsISO8601, Min } from 'class-validator';
import { Page } from '../../http/answers/page.dto.js';
import type { DeliveryOccasion } from '../../queue/failure.js';
import { CauseAnswer } from '../answers/cause.dto.js';
import { FailureAnswer } from '../answers/failure.dto.js';
import { HintAnswer } from '../answers/hint.dto.js';
import { LastHourAnswer } from '../answers/last-hour.dto.js';
import type { ServedBy } from '../../insight/accounts/account-servers.js';
import type { AccountState } from '../../insight/accounts/account-states.js';

/** How many accounts are in each state. */
export class AccountStatesAnswer implements Record<AccountState, number> {
  /** @example 1 */
  @IsInt()
  @Min(0)
  readonly failing!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly silent!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly waiting!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly unserved!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly paused!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly offline!: number;

  /** @example 0 */
  @IsInt()
  @Min(0)
  readonly unseen!: number;

  /** @example 8 */
  @IsInt()
  @Min(0)
  readonly working!: number;

  /** @example 3 */
  @IsInt()
  @Min(0)
  readonly quiet!: number;
}

/** What waits of an account. */
export class AccountWaitingAnswer {
  /**
   * Events that wait for its bot.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly events!: number;

  /**
   * Messages that wait for its bot.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly messages!: number;

  /**
   * Events and messages that are dead.
   * @example 0
   */
  @IsInt()
  @Min(0)
  readonly dead!: number;
}

/** With whom the customers of an account are, of the last 48 hours. */
export class AccountSessionsAnswer {
  /**
   * With the bot.
   * @example 12
   */
  @IsInt()
  @Min(0)
  readonly bot!: number;

  /**
   * In the pool: they wait for a person.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly pool!: number;

  /**
   * With a person.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly people!: number;

  /**
   * Since when the longest one waits in the pool; ISO 8601, UTC. null: nobody waits.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly poolSince!: string | null;

  /**
   * How many wait for the first words of a person: those in the pool, and those whose person has not written yet.
   * @example 2
   */
  @IsInt()
  @Min(0)
  readonly unmet!: number;

  /**
   * Since when the longest of these waits; ISO 8601, UTC. null: nobody waits.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly unmetSince!: string | null;
}

/** Customers who wrote and got no reply since, of the last 48 hours. A reply is a bot's or a person's, to this customer. */
export class UnansweredAnswer {
  /**
   * How many they are.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly customers!: number;

  /**
   * Since when the longest one waits; ISO 8601, UTC. null: nobody waits.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string | null;
}

/** A delivery that a bot took. */
export class LastDeliveryAnswer {
  /**
   * When the bot took it; ISO 8601, UTC.
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

/** What a puppet registered, without its secrets. */
export class RegistrationAnswer {
  /** @example http://127.0.0.1:8080 */
  readonly endpoint!: string;

  /** Whether its puppet has not deregistered since. */
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

  /** The attempts of the last hour at its endpoint, for all accounts there. */
  readonly lastHour!: LastHourAnswer;

  /** The last failed attempt at its endpoint, for any account and at any replica; null: none is known. */
  readonly lastFailure!: FailureAnswer | null;
}

/** A kf account, of whichever app: who serves it, and whether its customers get answers. */
export class AccountAnswer {
  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /**
   * The name of the app of its corp; null where the corp has none.
   * @example "Example Ltd."
   */
  readonly corpName!: string | null;

  /** @example wkAAA */
  readonly openKfId!: string;

  /**
   * As WeCom has it, or as its puppet registered it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * Whether WeCom lists it; null where WeCom's list of the corp is not known.
   * @example true
   */
  readonly inWecom!: boolean | null;

  /**
   * bot: one that an operator added; puppet: one that registered by itself; people: an operator said so.
   * @example bot
   */
  readonly servedBy!: ServedBy;

  /** null where no bot serves it that an operator added. */
  readonly botId!: string | null;

  /** @example LangBot */
  readonly botName!: string | null;

  /**
   * Where its events go, without a query; null where they go nowhere, or over a stream.
   * @example http://127.0.0.1:8080
   */
  readonly address!: string | null;

  /**
   * The first that applies. failing: replies fail, something is dead, its bot's token is refused, or its bot cannot be reached.
   * silent: something was taken, and no reply that WeCom accepted followed within `REPLY_WITHIN_S`, though its replies pass
   * through the manager; or at least a third of the last hour's customers got no word. waiting: something waits for over 10 s. unserved: nobody takes its events, and some came. paused: its
   * bot is paused. offline: its puppet has deregistered, or no client of its bot is connected. unseen: its events are taken, and
   * no reply passed through the manager. working: WeCom accepted a reply within the last hour. quiet: nothing came within it.
   * @example working
   */
  readonly state!: AccountState;

  /**
   * Since when; ISO 8601, UTC. null where that is not known.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string | null;

  /** Of this account alone, the worst first. */
  readonly causes!: CauseAnswer[];

  /** null: the store does not answer. */
  readonly waiting!: AccountWaitingAnswer | null;

  /** Its hint, waiting or dead; null where it has none, or the store does not answer. */
  readonly hint!: HintAnswer | null;

  /**
   * open: what it is sent fails again and again, so only probes are sent.
   * @example closed
   */
  readonly circuit!: 'closed' | 'open';

  /** The last delivery that any replica made; null: none within 3 days. */
  readonly lastDelivery!: LastDeliveryAnswer | null;

  /** The last failure that any replica saw, or that of its hint if that is later; null: none is known. */
  readonly lastFailure!: FailureAnswer | null;

  /** What its puppet registered, even while a bot has the account; null where none has. */
  readonly registration!: RegistrationAnswer | null;

  /** null: its program reads messages from WeCom by itself, so the manager does not know who wrote. */
  readonly unanswered!: UnansweredAnswer | null;

  /** null: its bot has no `session`, or the store does not answer. */
  readonly sessions!: AccountSessionsAnswer | null;

  /**
   * When its bot last took an event or a message; ISO 8601, UTC. null: none within 3 days.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastMessageAt!: string | null;

  /**
   * When WeCom last accepted a reply of it, or a person wrote to a customer; ISO 8601, UTC. null: none within 3 days that passed
   * through the manager.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastReplyAt!: string | null;

  readonly lastHour!: LastHourAnswer;

  /**
   * How many events and messages its bot took in each of the last 24 hours, the oldest first; the last one is under way.
   * @example [0, 0, 0, 0, 0, 0, 0, 0, 3, 8, 9, 4, 2, 7, 9, 8, 6, 4, 2, 1, 0, 0, 0, 1]
   */
  readonly hours!: number[];
}

export class AccountPageAnswer extends Page {
  readonly items!: AccountAnswer[];

  /**
   * How many match, on all pages.
   * @example 305
   */
  @IsInt()
  @Min(0)
  readonly total!: number;

  /** Of all that match the filter without its `state`. */
  readonly counts!: AccountStatesAnswer;
}
