import { IsIn, IsOptional, Matches } from 'class-validator';
import { OPERATOR_ROLES, type OperatorRole } from '../kernel/role.js';
import { NAME_FORMAT } from '../operators/operator.js';
import { IsCursorOf, mustBe, PageQueryDto } from './page-query.dto.js';

export const OPERATORS = 'operators';

export class OperatorsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsCursorOf(OPERATORS)
  readonly cursor?: string;
}

/** Body of a new operator. */
export class NewOperatorDto {
  /**
   * No other operator may have it.
   * @example alice
   */
  @Matches(NAME_FORMAT.pattern, mustBe(NAME_FORMAT.expected))
  readonly name!: string;

  /** A reader reads; an admin also changes things. */
  @IsIn(OPERATOR_ROLES, mustBe(`one of ${OPERATOR_ROLES.join(', ')}`))
  readonly role!: OperatorRole;
}

export class OperatorPathDto {
  /**
   * The operator's name.
   * @example alice
   */
  @Matches(NAME_FORMAT.pattern, mustBe(NAME_FORMAT.expected))
  readonly name!: string;
}
