/** An app as a line of an exported file. */

import { validated } from '../../http/answers/validation.js';
import { IsTime, mustBe } from '../../http/answers/field-rules.js';
import { IsOptional, Matches } from 'class-validator';
import { Secret } from '../../kernel/secret.js';
import { CALLBACK_TOKEN_FORMAT, ENCODING_AES_KEY_FORMAT } from '../../kernel/wecom-format.js';
import { type App, appIdOf } from './app.js';
import { AppDto } from './new-app.dto.js';

class ExportedAppDto extends AppDto {
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token!: string;

  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey!: string;

  @IsTime()
  readonly createdAt!: string;

  @IsOptional()
  @IsTime()
  readonly verifiedAt?: string;
}

/** What a line has, its secrets as texts: in the clear or sealed, for the app with this id. */
export interface ExportedApp extends Readonly<Record<'token' | 'encodingAESKey', string>> {
  readonly id: string;
  readonly corpId: string;
  readonly name: string;
  readonly receiveIds: readonly string[];
  readonly createdAt: string;
  readonly verifiedAt: string | null;
}

export function toExportedApp(app: App): ExportedApp {
  const { id, corpId, name, callbackToken, encodingAESKey, receiveIds, createdAtMs, verifiedAtMs } = app;
  return {
    id,
    corpId,
    name,
    token: callbackToken.reveal(),
    encodingAESKey: encodingAESKey.reveal(),
    receiveIds,
    createdAt: new Date(createdAtMs ?? 0).toISOString(),
    verifiedAt: verifiedAtMs === null ? null : new Date(verifiedAtMs).toISOString(),
  };
}

/** Its secrets are in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field */
export function fromExportedApp(line: object): App {
  const { token, encodingAESKey, createdAt, verifiedAt, ...same } = validated(ExportedAppDto, line);
  const app = {
    ...same,
    callbackToken: new Secret(token),
    encodingAESKey: new Secret(encodingAESKey),
    createdAtMs: Date.parse(createdAt),
    verifiedAtMs: verifiedAt === undefined ? null : Date.parse(verifiedAt),
  };
  return { ...app, id: appIdOf(app) };
}
