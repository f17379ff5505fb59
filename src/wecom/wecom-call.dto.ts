import { IsOptional, IsString } from 'class-validator';

/** What the proxy reads of the query of a call to WeCom's API; it judges each by itself, since all else goes through as it came. */
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
