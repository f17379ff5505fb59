import {
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  registerDecorator,
  type ValidationArguments,
} from '../kernel/class-validator.js';
import { Secret } from '../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  CORP_SECRET_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  ID_FORMAT,
  NAME_LENGTH_MAX,
} from '../kernel/wecom-format.js';
import { readEndpoint } from './endpoint.js';
import type { Puppet, Registration } from './puppet.js';
import type { Goodbye } from './puppet.repository.js';

/** The messages below tell what would be right and how long the value was, never the value: some are secrets. */
export function mustBe(expected: string) {
  return {
    message: ({ property, value }: ValidationArguments) =>
      `${property} must be ${expected} (${typeof value === 'string' ? `got ${value.length} characters` : 'missing or not a string'})`,
  };
}

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
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly kfId!: string;

  @IsString(mustBe(`a name of at most ${NAME_LENGTH_MAX} characters`))
  @MaxLength(NAME_LENGTH_MAX, mustBe(`a name of at most ${NAME_LENGTH_MAX} characters`))
  readonly kfName!: string;

  @IsEndpoint()
  readonly endpoint!: string;

  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  @Matches(CORP_SECRET_FORMAT.pattern, mustBe(CORP_SECRET_FORMAT.expected))
  readonly corpSecret!: string;

  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token!: string;

  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey!: string;
}

/** Body of `POST /puppetWxkfManager/deregister`. */
export class DeregisterDto {
  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly kfId!: string;

  @Matches(ID_FORMAT.pattern, mustBe(ID_FORMAT.expected))
  readonly corpId!: string;

  @IsOptional()
  @IsEndpoint()
  readonly endpoint?: string;
}

export function toRegistration(dto: RegisterDto, from: string): Registration {
  return {
    openKfId: dto.kfId,
    name: dto.kfName,
    endpoint: dto.endpoint,
    corpId: dto.corpId,
    corpSecret: new Secret(dto.corpSecret),
    callbackToken: new Secret(dto.token),
    encodingAESKey: new Secret(dto.encodingAESKey),
    acceptedSecretId: null,
    from,
  };
}

export function toGoodbye({ kfId, corpId, endpoint }: DeregisterDto, from: string): Goodbye {
  return { openKfId: kfId, corpId, endpoint, from };
}

/** A registration as it may be shown: picked field by field, so that a new secret is not shown by accident. */
export interface PuppetInfo {
  readonly kfId: string;
  readonly kfName: string;
  readonly endpoint: string;
  readonly corpId: string;
  readonly online: boolean;
  /** ISO 8601; `null` where it was never recorded. */
  readonly lastOnlineDate: string | null;
}

export function toPuppetInfo(puppet: Puppet): PuppetInfo {
  return {
    kfId: puppet.openKfId,
    kfName: puppet.name,
    endpoint: puppet.endpoint,
    corpId: puppet.corpId,
    online: puppet.online,
    lastOnlineDate: puppet.lastOnlineAtMs === null ? null : new Date(puppet.lastOnlineAtMs).toISOString(),
  };
}
