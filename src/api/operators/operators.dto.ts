import { IsOptional, IsISO8601 } from 'class-validator';
import { PickType } from '../../http/answers/swagger.js';
import { OperatorDto } from '../../operators/operator.dto.js';
import { IsCursorOf, PageQueryDto } from '../../http/answers/page-query.dto.js';
import { Page } from '../../http/answers/page.dto.js';

export const OPERATORS = 'operators';

export class OperatorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(OPERATORS)
  readonly cursor?: string;
}

export class OperatorPathDto extends PickType(OperatorDto, ['name']) {}

/** A named operator, without its token. */
export class OperatorAnswer extends OperatorDto {
  /**
   * When it was added; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly createdAt!: string;

  /**
   * Names the current token. It is no secret, and changes with each new token.
   * @example 3kq7vWc0Zb1x
   */
  readonly tokenId!: string;

  /**
   * When its token was made; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly tokenCreatedAt!: string;
}

export class OperatorPageAnswer extends Page {
  readonly items!: OperatorAnswer[];
}

/** The only answer that ever shows the token. */
export class OperatorTokenAnswer extends OperatorAnswer {
  /**
   * Sent as `Authorization: Bearer <token>`, or entered at the console's sign-in.
   * @example wxop_token-of-alice
   */
  readonly token!: string;
}
