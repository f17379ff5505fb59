import { IsISO8601, IsOptional, IsString, MaxLength } from 'class-validator';
import { Page } from '../../http/answers/page.dto.js';
import { IsCursorOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import type { ConnectionRole } from '../../stream/protocol/frames.js';

export const CONNECTIONS = 'connections';
const ID_LENGTH_MAX = 64;

export class ConnectionsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(CONNECTIONS)
  readonly cursor?: string;

  /**
   * Only connections of this bot.
   * @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c
   */
  @IsOptional()
  @IsString()
  @MaxLength(ID_LENGTH_MAX)
  readonly botId?: string;
}

export class AccountRoleAnswer {
  /**
   * `*`: all accounts of the corp that no other bot lists and no puppet has registered.
   * @example wkAAA
   */
  readonly openKfId!: string;

  /**
   * active: this client gets the events of the account. standby: another client does, and this one follows when it is gone.
   * @example active
   */
  readonly role!: ConnectionRole;
}

/** An open stream of a bot's client. */
export class ConnectionAnswer {
  /** @example 2b1f0a52-9a54-4f0e-9a8f-0f6d3f1f6d10 */
  readonly id!: string;

  /** @example 7d793037-a076-4186-9b0d-1c5e6a0f4a4c */
  readonly botId!: string;

  /** @example "Support bot" */
  readonly botName!: string;

  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /**
   * The name that the client gives itself.
   * @example laptop-1
   */
  readonly clientId!: string;

  /** @example 203.0.113.7 */
  readonly address!: string;

  /**
   * The client's User-Agent.
   * @example node
   */
  readonly agent!: string;

  /**
   * The replica that has the connection.
   * @example manager-0-3f9a1c
   */
  readonly replica!: string;

  /**
   * ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly connectedAt!: string;

  readonly accounts!: AccountRoleAnswer[];

  /**
   * Events that the client was sent and has not acknowledged; null when another replica has the connection.
   * @example 0
   */
  readonly underWay!: number | null;
}

export class ConnectionPageAnswer extends Page {
  readonly items!: ConnectionAnswer[];
}
