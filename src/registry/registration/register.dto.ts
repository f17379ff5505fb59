import {
  IsIn,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  registerDecorator,
} from 'class-validator';
import { GoesWith, mustBe } from '../../http/answers/field-rules.js';
import { PickType } from '../../http/answers/swagger.js';
import { Secret } from '../../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  CORP_SECRET_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  ID_FORMAT,
  NAME_LENGTH_MAX,
} from '../../kernel/wecom-format.js';
import { BOT_TAKES, type BotTakes } from '../bots/bot-values.js';
import { readEndpoint } from '../endpoint/endpoint.js';
import type { Puppet, Registration } from '../../storage/puppets/puppet.js';
import type { Goodbye } from '../../storage/puppets/puppet.repository.js';

function IsEndpoint(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isEndpoint',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => faultOf(value) === null,
        defaultMessage: (args) => `${args?.property} must ${faultOf(args?.value)}`,
      },
    });
  };
}

function faultOf(value: unknown): string | null {
  if (typeof value !== 'string') return 'be a string';
  const endpoint = readEndpoint(value);
  return 'must' in endpoint ? endpoint.must : null;
}

/** Body of `POST /puppetWxkfManager/register`, as the deployed puppet sends it. */
export class RegisterDto {
  /**
   * The customer-service account, as WeCom calls it in `open_kfid`.
   * @example wkAAA
   */
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly kfId!: string;

  /**
   * What people call the account.
   * @example Support
   */
  @IsString(mustBe(`a name of at most ${NAME_LENGTH_MAX} characters`))
  @MaxLength(NAME_LENGTH_MAX, mustBe(`a name of at most ${NAME_LENGTH_MAX} characters`))
  readonly kfName!: string;

  /**
   * Where the puppet is reached: a URL with or without a path, without query, fragment or user info, 2048 characters at
   * most. An endpoint that `PUPPET_ENDPOINT_ALLOW` does not list is refused, and so are link-local addresses and a cloud's
   * metadata.
   * @example http://127.0.0.1:8080
   */
  @IsEndpoint()
  readonly endpoint!: string;

  /**
   * The corp that the account belongs to.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * The secret of the app. To take over a registered account, it has to be the registered one, or one that WeCom accepts.
   * @example example
   */
  @Matches(CORP_SECRET_FORMAT.pattern, mustBe(CORP_SECRET_FORMAT.expected))
  readonly corpSecret!: string;

  /**
   * The Token of the app's callback settings. It signs callbacks. If it and `encodingAESKey` are left out, events come as JSON.
   * @example QDG6eK
   */
  @GoesWith('encodingAESKey')
  @IsOptional()
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token?: string;

  /**
   * The EncodingAESKey of the app's callback settings. It opens callbacks. If it and `token` are left out, events come as JSON.
   * @example jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C
   */
  @GoesWith('token')
  @IsOptional()
  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey?: string;

  /**
   * What the puppet expects: event or message. Left out: event. It has to be what the bot takes with whose key the puppet
   * registers; without a bot's key it has to be event.
   * @example event
   */
  @IsOptional()
  @IsIn(BOT_TAKES, { message: `takes must be one of ${BOT_TAKES.join(', ')}` })
  readonly takes?: BotTakes;
}

/** Body of `POST /puppetWxkfManager/deregister`. */
export class DeregisterDto {
  /**
   * The customer-service account, as WeCom calls it in `open_kfid`.
   * @example wkAAA
   */
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly kfId!: string;

  /**
   * The corp that the account belongs to.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * If it is given, the deregistration counts only while the account is registered at this endpoint.
   * @example http://127.0.0.1:8080
   */
  @IsOptional()
  @IsEndpoint()
  readonly endpoint?: string;
}

/** @param botId of the bot with whose key it registers, `''` for none. */
export function toRegistration(dto: Omit<RegisterDto, 'takes'>, from: string, botId: string): Registration {
  return {
    openKfId: dto.kfId,
    name: dto.kfName,
    endpoint: dto.endpoint,
    corpId: dto.corpId,
    corpSecret: new Secret(dto.corpSecret),
    callbackToken: new Secret(dto.token ?? ''),
    encodingAESKey: new Secret(dto.encodingAESKey ?? ''),
    acceptedSecretId: null,
    botId,
    from,
  };
}

export function toGoodbye({ kfId, corpId, endpoint }: DeregisterDto, from: string): Goodbye {
  return { openKfId: kfId, corpId, endpoint, from };
}

export class PuppetPathDto {
  /**
   * The customer-service account, as WeCom calls it in `open_kfid`.
   * @example wkAAA
   */
  @IsString()
  readonly kfId!: string;
}

/** A registration as it may be shown: picked field by field, so that a new secret is not shown by accident. */
export class PuppetAnswer extends PickType(RegisterDto, ['kfId', 'kfName', 'endpoint', 'corpId']) {
  readonly online!: boolean;

  /**
   * When it last registered, deregistered or was found online again. null: not recorded. ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly lastOnlineDate!: string | null;
}

export function toPuppetAnswer({
  openKfId: kfId,
  name: kfName,
  endpoint,
  corpId,
  online,
  lastOnlineAtMs,
}: Puppet): PuppetAnswer {
  const lastOnlineDate = lastOnlineAtMs === null ? null : new Date(lastOnlineAtMs).toISOString();
  return { kfId, kfName, endpoint, corpId, online, lastOnlineDate };
}
