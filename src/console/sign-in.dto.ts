import { IsString } from '../kernel/class-validator.js';

/** What a person signs in with. */
export class SignInDto {
  @IsString({ message: 'token must be a secret of the operator, as text' })
  token!: string;
}
