/** The wire form of an app: in requests that add it, in exported files, and in answers. */
import { IsTime, mustBe } from '../../http/answers/field-rules.js';
import { IntersectionType, OmitType, PartialType, PickType } from '../../http/answers/swagger.js';
import { knownFieldsOf, validated } from '../../http/answers/validation.js';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { WecomApp } from '../../config/wecom-apps-file.js';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { Secret } from '../../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  NAME_LENGTH_MAX,
  RECEIVE_ID_LENGTH_MAX,
} from '../../kernel/wecom-format.js';
import { type App, appIdOf } from './app.js';

/** Many more than the suites and providers of one app. */
const RECEIVE_IDS_MAX = 100;

const A_NAME = `a name of at most ${NAME_LENGTH_MAX} characters`;
const RECEIVERS = {
  message: `receiveIds must be a list of at most ${RECEIVE_IDS_MAX} ids, each a string of at most ${RECEIVE_ID_LENGTH_MAX} characters`,
};

/** The fields of an app that are not secret. */
export class AppDto {
  /**
   * The corp.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * For people; may be empty.
   * @example Support
   */
  @IsString(mustBe(A_NAME))
  @MaxLength(NAME_LENGTH_MAX, mustBe(A_NAME))
  readonly name!: string;

  /** Receivers that its events may be sealed for besides the corp: a suite, a provider, or an empty text. */
  @IsArray(RECEIVERS)
  @ArrayMaxSize(RECEIVE_IDS_MAX, RECEIVERS)
  @IsString({ each: true, ...RECEIVERS })
  @MaxLength(RECEIVE_ID_LENGTH_MAX, { each: true, ...RECEIVERS })
  readonly receiveIds!: string[];
}

export class AppSecretsDto {
  /**
   * The callback token. A new app gets a random one if it is left out.
   * @example QDG6eK
   */
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token!: string;

  /**
   * The key of callbacks. A new app gets a random one if it is left out.
   * @example jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C
   */
  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey!: string;
}

/** Body of `POST /api/v1/apps`; `null` counts as left out. */
export class NewAppDto extends IntersectionType(
  PickType(AppDto, ['corpId']),
  PartialType(OmitType(AppDto, ['corpId'])),
  PartialType(AppSecretsDto),
) {}

export function toNewApp(given: NewAppDto): WecomApp {
  const { token = randomLettersAndDigits(32), encodingAESKey = randomLettersAndDigits(43), ...same } = given;
  const keys = { callbackToken: new Secret(token), encodingAESKey: new Secret(encodingAESKey) };
  return { name: '', receiveIds: [], ...same, ...keys };
}

/** An app as a line of an exported file, its secrets as texts: in the clear, or sealed for the app with the line's id. */
export class AppEntryDto extends IntersectionType(
  AppSecretsDto,
  OmitType(NewAppDto, ['token', 'encodingAESKey']),
) {
  @IsTime()
  readonly createdAt!: string;

  @IsOptional()
  @IsTime()
  readonly verifiedAt?: string | null;
}

export function toAppEntry(app: App): AppEntryDto & { readonly id: string } {
  const { id, callbackToken, encodingAESKey, createdAtMs, verifiedAtMs } = app;
  return {
    id,
    ...knownFieldsOf(AppDto, app),
    token: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
    createdAt: new Date(createdAtMs ?? 0).toISOString(),
    verifiedAt: verifiedAtMs === null ? null : new Date(verifiedAtMs).toISOString(),
  };
}

/** @param line with its secrets in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field */
export function fromAppEntry(line: object): App {
  const { createdAt, verifiedAt, ...given } = validated(AppEntryDto, line);
  const app = toNewApp(given);
  return {
    ...app,
    id: appIdOf(app),
    createdAtMs: Date.parse(createdAt),
    verifiedAtMs: verifiedAt ? Date.parse(verifiedAt) : null,
  };
}

/** Whether both apps, which have the same id, are equal in all that an operator gave. */
export function isDescribedAlike(a: App, b: App): boolean {
  return JSON.stringify(knownFieldsOf(AppDto, a)) === JSON.stringify(knownFieldsOf(AppDto, b));
}
