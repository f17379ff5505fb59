import { validated } from '../../http/answers/validation.js';
import { IsOptional, IsString, Matches } from 'class-validator';
import { Secret } from '../../kernel/secret.js';
import { CORP_SECRET_FORMAT, ID_FORMAT } from '../../kernel/wecom-format.js';
import { ERRCODE, type WecomAnswer } from '../client/wecom-answer.js';

const once = 'given once and ';

/** The query of `getToken`, under WeCom's own names. */
export class GetTokenDto {
  /**
   * The corp.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(ID_FORMAT.pattern, { message: `corpid must be ${once}${ID_FORMAT.expected}` })
  readonly corpid!: string;

  /**
   * The secret of the app.
   * @example example
   */
  @Matches(CORP_SECRET_FORMAT.pattern, {
    message: `corpsecret must be ${once}${CORP_SECRET_FORMAT.expected}`,
  })
  readonly corpsecret!: string;

  /** Ignored; some callers send it. It must not be given twice. */
  @IsOptional()
  @IsString({ message: 'access_token must be given once' })
  readonly access_token?: string;
}

type Query = Readonly<Record<string, unknown>>;

/**
 * WeCom's answer when a parameter is missing or empty. When both are, WeCom names the secret.
 * @returns `null` when none is missing, or when one is given twice: `parseGetToken` refuses that.
 */
export function missingOf({ corpid, corpsecret }: Query): WecomAnswer | null {
  if (Array.isArray(corpid) || Array.isArray(corpsecret)) return null;
  if (!corpsecret) return { errcode: ERRCODE.secretMissing, errmsg: 'corpsecret missing' };
  if (!corpid) return { errcode: ERRCODE.corpIdMissing, errmsg: 'corpid missing' };
  return null;
}

/**
 * Checks a query by hand, as callbacks do. Only a wrong query goes through class-validator, which explains the mistake.
 * @throws AppError `REQUEST_INVALID`. WeCom is not asked about a malformed secret, since it counts failed requests.
 */
export function parseGetToken(query: Query): { readonly corpId: string; readonly corpSecret: Secret } {
  const { corpid, corpsecret } = isValid(query) ? query : validated(GetTokenDto, query);
  return { corpId: corpid, corpSecret: new Secret(corpsecret) };
}

function isValid(query: Query): query is Query & GetTokenDto {
  const { corpid, corpsecret, access_token } = query;
  return (
    !Array.isArray(access_token) &&
    typeof corpid === 'string' &&
    ID_FORMAT.pattern.test(corpid) &&
    typeof corpsecret === 'string' &&
    CORP_SECRET_FORMAT.pattern.test(corpsecret)
  );
}
