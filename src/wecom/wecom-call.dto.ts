import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** What of a call to WeCom's API the proxy reads; it judges each by itself, since all else goes through as it came. */
export class WecomCallPathDto {
  /**
   * The API under `/cgi-bin/`. Its slashes stay as they are: `%2F`, which generated clients send for them, is refused.
   * @example kf/account/list
   */
  @Matches(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*\/?$/)
  @MaxLength(128)
  readonly path!: string;
}

export class WecomCallByKeyPathDto extends WecomCallPathDto {
  /**
   * The key of the bot.
   * @example wxkf_Zm9yLWV4YW1wbGUtb25seS1ub3QtYS1yZWFsLWtleQ
   */
  @IsString()
  readonly key!: string;
}

export class WecomCallQueryDto {
  /** Of the caller. Left out by a caller that the manager knows, it adds that of `corpid`. */
  @IsOptional()
  @IsString()
  readonly access_token?: string;

  /**
   * The corp whose registered secret's token is to be added. Not sent to WeCom, and not looked at beside an `access_token`.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsString()
  readonly corpid?: string;

  /**
   * Of a corp with several secrets, the account whose secret it is to be. Not sent to WeCom, and looked at with `corpid`
   * alone.
   * @example wkAAA
   */
  @IsOptional()
  @IsString()
  readonly openKfId?: string;
}
