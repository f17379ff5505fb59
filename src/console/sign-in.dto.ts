import { IsString } from 'class-validator';

/** Body of a sign-in. */
export class SignInDto {
  /**
   * A secret of `AUTH_OPERATOR_TOKEN`, or the token of a named operator.
   * @example secret-of-an-operator
   */
  @IsString({ message: 'token must be a secret of the operator or the token of a named one, as text' })
  readonly token!: string;
}
