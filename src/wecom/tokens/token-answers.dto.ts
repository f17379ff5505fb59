import { IsInt, Min } from 'class-validator';

export class AccessTokenAnswer {
  readonly errcode!: 0;
  readonly errmsg!: 'ok';

  /** @example the-access-token */
  readonly access_token!: string;

  /**
   * The seconds that the token really has left, rounded down.
   * @example 5317
   */
  @IsInt()
  @Min(1)
  readonly expires_in!: number;
}

export class WecomRefusalAnswer {
  /**
   * WeCom's errcode, never 0. The manager itself answers 41002, 41004 (a parameter is missing) and 45009.
   * @example 40001
   */
  @IsInt()
  readonly errcode!: number;

  /** @example "invalid credential" */
  readonly errmsg!: string;
}
