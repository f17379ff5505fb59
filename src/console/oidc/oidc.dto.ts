import { IsOptional, IsString } from 'class-validator';

export class OidcBeginDto {
  /**
   * The page of the console to show afterwards, as path and query. Anything else shows the console's first page.
   * @example /console/waiting
   */
  @IsOptional()
  @IsString()
  readonly to?: string;
}

/** What the provider sends back, besides whatever it adds (RFC 6749, 4.1.2). */
export class OidcCallbackDto {
  /** @example code-of-the-provider */
  @IsOptional()
  @IsString()
  readonly code?: string;

  /** @example state-of-the-sign-in */
  @IsOptional()
  @IsString()
  readonly state?: string;

  /**
   * The provider's error, in place of the code.
   * @example access_denied
   */
  @IsOptional()
  @IsString()
  readonly error?: string;
}
