import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { mustBe } from '../../http/answers/field-rules.js';
import { Secret } from '../../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  NAME_LENGTH_MAX,
  RECEIVE_ID_LENGTH_MAX,
} from '../../kernel/wecom-format.js';
import type { NewApp } from './app.js';

/** Many more than the suites and providers of one app. */
const RECEIVE_IDS_MAX = 100;

const A_NAME = `a name of at most ${NAME_LENGTH_MAX} characters`;
const RECEIVERS = {
  message: `receiveIds must be a list of at most ${RECEIVE_IDS_MAX} ids, each a string of at most ${RECEIVE_ID_LENGTH_MAX} characters`,
};

/** The fields of a new app that are not secret; `null` counts as left out. */
export class AppDto {
  /**
   * The corp.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * For people.
   * @example Support
   */
  @IsOptional()
  @IsString(mustBe(A_NAME))
  @MaxLength(NAME_LENGTH_MAX, mustBe(A_NAME))
  readonly name: string = '';

  /** Receivers that its events may be sealed for besides the corp: a suite, a provider, or an empty text. */
  @IsOptional()
  @IsArray(RECEIVERS)
  @ArrayMaxSize(RECEIVE_IDS_MAX, RECEIVERS)
  @IsString({ each: true, ...RECEIVERS })
  @MaxLength(RECEIVE_ID_LENGTH_MAX, { each: true, ...RECEIVERS })
  readonly receiveIds: string[] = [];
}

/** Body of `POST /api/v1/apps`. */
export class NewAppDto extends AppDto {
  /** The callback token; made where it is left out. */
  @IsOptional()
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token?: string;

  /** The key of callbacks; made where it is left out. */
  @IsOptional()
  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey?: string;
}

export function toNewApp({ token, encodingAESKey, ...same }: NewAppDto): NewApp {
  return {
    ...same,
    ...(token !== undefined && { callbackToken: new Secret(token) }),
    ...(encodingAESKey !== undefined && { encodingAESKey: new Secret(encodingAESKey) }),
  };
}
