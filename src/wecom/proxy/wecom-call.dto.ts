import { IsOptional, IsString } from 'class-validator';

/** The query parameters that the proxy itself reads. It checks them by hand, since all others go to WeCom unchanged. */
export class WecomCallQueryDto {
  /** The caller's access token. Without it, the manager adds a token of `corpid` for callers that it knows. */
  @IsOptional()
  @IsString()
  readonly access_token?: string;

  /**
   * The corp whose access token the manager adds. Not sent to WeCom. Ignored when there is an `access_token`.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsString()
  readonly corpid?: string;

  /**
   * The account whose secret is used, for a corp with several secrets. Not sent to WeCom. Ignored without `corpid`.
   * @example wkAAA
   */
  @IsOptional()
  @IsString()
  readonly openKfId?: string;
}
