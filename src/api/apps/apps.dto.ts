import { IsOptional, IsString, IsInt, IsISO8601, Min } from 'class-validator';
import { IsCursorOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { IntersectionType } from '../../http/answers/swagger.js';
import { CauseAnswer } from '../answers/cause.dto.js';
import { AppDto, AppSecretsDto } from '../../registry/apps/app.dto.js';
import { Page } from '../../http/answers/page.dto.js';

export const APPS = 'apps';

export class AppsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(APPS)
  readonly cursor?: string;
}

export class AppPathDto {
  /**
   * The `id` of the list.
   * @example a1b2c3d4e5f6
   */
  @IsString()
  readonly id!: string;
}

/** Callback credentials known before any puppet registers, without their secrets. */
export class AppAnswer extends AppDto {
  /** @example a1b2c3d4e5f6 */
  readonly id!: string;

  /**
   * file: the app is from WECOM_APPS_FILE and read-only here.
   * @example api
   */
  readonly source!: 'api' | 'file';

  /**
   * The path of the callback URL. Put it behind the manager's public address, and enter that at WeCom.
   * @example /callback/wx5823bf96d3bd56c7
   */
  readonly callbackPath!: string;

  /**
   * When it was added; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly createdAt!: string | null;

  /** When WeCom's verification was last answered with its token and key; ISO 8601, UTC. */
  @IsISO8601()
  readonly verifiedAt!: string | null;

  /**
   * Registered kf accounts whose puppets have its token and key.
   * @example 2
   */
  @IsInt()
  @Min(0)
  readonly accounts!: number;

  /**
   * Bots of its corp that operators added and that need not register: all but puppets and people.
   * @example 1
   */
  @IsInt()
  @Min(0)
  readonly bots!: number;

  /** When any replica last delivered an event of the corp, since the app was added; ISO 8601, UTC. */
  @IsISO8601()
  readonly lastDeliveryAt!: string | null;

  /** What is wrong with the callbacks or the calls of its corp, the worst first: `refused` and `wecom_fails`. */
  readonly causes!: CauseAnswer[];
}

export class AppPageAnswer extends Page {
  readonly items!: AppAnswer[];
}

/** The only answer that ever shows the secrets. */
export class AppCreatedAnswer extends IntersectionType(AppAnswer, AppSecretsDto) {}
