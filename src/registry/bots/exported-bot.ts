/** A bot as a line of an exported file. Its keys go with it as hashes, so that programs go on with those they have. */

import { validated } from '../../http/answers/validation.js';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
} from '../../kernel/class-validator.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { CORP_ID_FORMAT, NAME_LENGTH_MAX } from '../../kernel/wecom-format.js';
import { readCallbackUrl } from '../endpoint/endpoint.js';
import { IsTime } from '../is-time.js';
import { mustBe } from '../registration/register.dto.js';
import {
  BOT_APIS,
  BOT_KINDS,
  type Bot,
  type BotApi,
  type BotCallback,
  type BotKey,
  type BotKind,
  readSecrets,
} from './bot.js';
import { IsAccounts } from './new-bot.dto.js';

/** The current one, and those that it replaced a while ago. */
const KEYS_MAX = 8;
const AN_ID = '1 to 64 letters, digits, "_" or "-"';
const A_NAME = `a name of at most ${NAME_LENGTH_MAX} characters`;

class ExportedBotDto {
  @Matches(/^[\w-]{1,64}$/, mustBe(AN_ID))
  readonly id!: string;

  @IsString(mustBe(A_NAME))
  @MaxLength(NAME_LENGTH_MAX, mustBe(A_NAME))
  readonly name!: string;

  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  @IsAccounts()
  readonly openKfIds!: string[];

  @IsIn(BOT_KINDS, { message: `kind must be one of ${BOT_KINDS.join(', ')}` })
  readonly kind!: BotKind;

  @IsIn(BOT_APIS, { message: `api must be one of ${BOT_APIS.join(', ')}` })
  readonly api!: BotApi;

  @IsOptional()
  readonly callback?: BotCallback;

  @IsString(mustBe('the secrets of the bot as JSON'))
  readonly secrets!: string;

  @IsArray({ message: 'keys must be a list' })
  @ArrayMaxSize(KEYS_MAX, { message: `keys must be a list of at most ${KEYS_MAX}` })
  readonly keys!: { readonly hash: string; readonly until: string | null }[];

  @IsTime()
  readonly createdAt!: string;
}

/** What a line has, its secrets as text: in the clear or sealed, for the bot with this id. */
export type ExportedBot = Omit<ExportedBotDto, 'callback'> & { readonly callback: BotCallback | null };

export function toExportedBot({
  secrets,
  keys,
  createdAtMs,
  revision: _revision,
  ...same
}: Bot): ExportedBot {
  return {
    ...same,
    openKfIds: [...same.openKfIds],
    secrets: secrets.reveal(),
    keys: keys.map(({ hash, untilMs }) => ({ hash, until: untilMs === null ? null : toIso(untilMs) })),
    createdAt: toIso(createdAtMs),
  };
}

/** Its secrets are in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field */
export function fromExportedBot(line: object): Bot {
  const { callback = null, secrets, keys, createdAt, ...same } = validated(ExportedBotDto, line);
  const bot: Bot = {
    ...same,
    callback,
    secrets: new Secret(secrets),
    keys: keys.map(toKey),
    createdAtMs: Date.parse(createdAt),
    // The same line makes the same bot, so that it is imported once.
    revision: `imported ${createdAt}`,
  };
  const faults = faultsOf(bot);
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
  return bot;
}

function faultsOf(bot: Bot): string[] {
  const { callback, kind, keys } = bot;
  const opened = readSecrets(bot);
  const url = callback === null || opened === null ? null : readCallbackUrl(opened.url.reveal());
  return [
    ...((callback !== null) === (kind === 'callback')
      ? []
      : ['callback must be given for kind callback alone']),
    ...(url !== null && 'must' in url ? [`the url among the secrets must ${url.must}`] : []),
    ...(callback === null || (typeof callback.receiveId === 'string' && Number.isInteger(callback.timeoutMs))
      ? []
      : ['callback must have receiveId and timeoutMs']),
    ...(keys.every(({ hash, untilMs }) => typeof hash === 'string' && !Number.isNaN(untilMs))
      ? []
      : ['keys must be hashes with the time until they are valid, or null']),
    ...(opened === null ? ['secrets must be the secrets of the bot as JSON'] : []),
  ];
}

function toKey({ hash, until }: ExportedBot['keys'][number]): BotKey {
  return { hash, untilMs: until === null ? null : Date.parse(until) };
}

function toIso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Whether both are the same but for their revision. */
export function isSameBot(a: Bot, b: Bot): boolean {
  return JSON.stringify(toExportedBot(a)) === JSON.stringify(toExportedBot(b));
}
