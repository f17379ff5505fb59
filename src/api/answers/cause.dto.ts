import { IsInt, IsISO8601, Min } from 'class-validator';
import { toTime } from '../../http/answers/times.js';
import type { Cause } from '../../insight/accounts/cause.js';
import type { CauseCode } from '../../insight/accounts/cause-table.js';

/** One cause. */
export class CauseAnswer {
  /**
   * Tells the cause from others for as long as it lasts, also over restarts.
   * @example "replies_fail 7d793037-a076-4186-9b0d-1c5e6a0f4a4c 95012"
   */
  readonly key!: string;

  /** @example replies_fail */
  readonly code!: CauseCode;

  /** @example bad */
  readonly severity!: 'bad' | 'wait';

  /**
   * How many corps, accounts, customers, messages, callbacks or addresses it is about; 1 where nothing is counted.
   * @example 3
   */
  @IsInt()
  @Min(1)
  readonly count!: number;

  /**
   * Since when; ISO 8601, UTC. null where that is not known.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly since!: string | null;

  /**
   * WeCom's errcode, or "unreachable" or "status" (of HTTP), or "fail_type:" with that of a `msg_send_fail`. For waiting and dead
   * hints and messages, and for an agent, the stage at which most of them failed. For refused callbacks of a corp, the error code. For
   * missing callbacks "untold" if customers' messages were found without them, "silent" if none came where many used to. null for
   * other causes.
   * @example "60020"
   */
  readonly why!: string | null;

  /**
   * The HTTP status that the bot answered last, if what it is sent waits or is dead because of it; null for other causes.
   * @example null
   */
  @IsInt()
  readonly status!: number | null;

  /**
   * Where the events go: host and port, or only the host if several of its ports are meant. null for other causes, and for a
   * bot that opens a stream.
   * @example 10.0.0.7:8080
   */
  readonly address!: string | null;

  /**
   * The address by which the manager reaches WeCom, if WeCom refuses calls since the app does not list it (60020) and its errmsg
   * names it; null for other causes.
   * @example 203.0.113.7
   */
  readonly unlistedAddress!: string | null;

  /**
   * For missing callbacks whose messages are found all the same: how many minutes late these come at most. null for other causes.
   * @example null
   */
  @IsInt()
  readonly lateMin!: number | null;

  /**
   * The port in the address; if the URL names none, that of its scheme. null when the address has no port.
   * @example 8080
   */
  @IsInt()
  readonly port!: number | null;

  /**
   * The bot that it is about, where it is one that an operator added; null for puppets, and for other causes.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  readonly botId!: string | null;

  /** @example LangBot */
  readonly botName!: string | null;

  /**
   * The replica that is away, by the id that its records of the delivery log have; null for other causes.
   * @example null
   */
  readonly replica!: string | null;

  /** The corp, if the cause is about one corp. */
  readonly corpId!: string | null;

  /**
   * The name of that corp's app; null where it has none.
   * @example "Example Ltd."
   */
  readonly corpName!: string | null;

  /** The account, if the cause is about one account. */
  readonly openKfId!: string | null;

  /**
   * That account's name, where it is known.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * How many accounts it concerns, by their states; 0 where it is about none, or that is not known.
   * @example 2
   */
  @IsInt()
  @Min(0)
  readonly accounts!: number;

  /**
   * What at most three of them are called, or their ids.
   * @example ["Support", "Sales"]
   */
  readonly accountNames!: string[];
}

export function toCauseAnswer({ sinceMs, accountNames, ...same }: Cause): CauseAnswer {
  return { ...same, since: toTime(sinceMs), accountNames: [...accountNames] };
}
