import { IsString } from '../kernel/class-validator.js';

/** What a person signs in with. */
export class SignInDto {
  /**
   * A secret of `AUTH_OPERATOR_TOKEN`.
   * @example secret-of-an-operator
   */
  @IsString({ message: 'token must be a secret of the operator, as text' })
  readonly token!: string;
}
