import { IsIn, Matches } from 'class-validator';
import { OPERATOR_ROLES, type OperatorRole } from '../kernel/role.js';
import { NAME_FORMAT } from './operator.js';

/** Body of a new operator, and what answers say of each. */
export class OperatorDto {
  /**
   * No two operators have the same.
   * @example alice
   */
  @Matches(NAME_FORMAT.pattern, { message: `name must be ${NAME_FORMAT.expected}` })
  readonly name!: string;

  /** A reader reads; an admin also changes things. */
  @IsIn(OPERATOR_ROLES, { message: `role must be one of ${OPERATOR_ROLES.join(', ')}` })
  readonly role!: OperatorRole;
}
