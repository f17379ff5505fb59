/** A registration as a line of an exported file, under the names that it was registered with. */

import { IsTime } from '../http/answers/field-rules.js';
import { validated } from '../http/answers/validation.js';
import {
  ArrayMaxSize,
  IsBoolean,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  type ValidationArguments,
} from 'class-validator';
import type { Puppet } from './puppet.js';
import { RegisterDto, toRegistration } from './registration/register.dto.js';

/** More than any address has. */
const ADDRESS_LENGTH_MAX = 64;
/** Many more than are ever kept. */
const ADDRESSES_MAX = 100;

function mustBe(expected: string) {
  return { message: ({ property }: ValidationArguments) => `${property} must be ${expected}` };
}

/** `null` counts as left out. */
class ExportedPuppetDto extends RegisterDto {
  @IsBoolean(mustBe('true or false'))
  readonly online!: boolean;

  @IsOptional()
  @IsTime()
  readonly lastOnlineDate?: string;

  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, mustBe('the hash of a corpSecret'))
  readonly acceptedSecretId?: string;

  @IsOptional()
  @Matches(/^[\w-]{1,64}$/, mustBe('the id of a bot'))
  readonly botId?: string;

  @IsOptional()
  @IsString(mustBe('an address'))
  @MaxLength(ADDRESS_LENGTH_MAX, mustBe('an address'))
  readonly from?: string;

  @IsOptional()
  @ArrayMaxSize(ADDRESSES_MAX, mustBe('a list of addresses'))
  @IsString({ each: true, ...mustBe('a list of addresses') })
  @MaxLength(ADDRESS_LENGTH_MAX, { each: true, ...mustBe('a list of addresses') })
  readonly replacedFrom?: string[];
}

/** What a line has, its secrets as texts: in the clear or sealed. */
export interface ExportedPuppet extends Readonly<Record<'corpSecret', string>> {
  /** Left out, as the next one, for a puppet without callback keys. */
  readonly token?: string;
  readonly encodingAESKey?: string;
  /** Left out for a puppet that registered with no bot's key. */
  readonly botId?: string;
  readonly kfId: string;
  readonly kfName: string;
  readonly endpoint: string;
  readonly corpId: string;
  readonly online: boolean;
  readonly lastOnlineDate: string | null;
  readonly acceptedSecretId: string | null;
  readonly from: string;
  readonly replacedFrom: readonly string[];
}

export function toExported(puppet: Puppet): ExportedPuppet {
  return {
    kfId: puppet.openKfId,
    kfName: puppet.name,
    endpoint: puppet.endpoint,
    corpId: puppet.corpId,
    corpSecret: puppet.corpSecret.reveal(),
    ...(puppet.callbackToken.reveal() !== '' && {
      token: puppet.callbackToken.reveal(),
      encodingAESKey: puppet.encodingAESKey.reveal(),
    }),
    online: puppet.online,
    lastOnlineDate: puppet.lastOnlineAtMs === null ? null : new Date(puppet.lastOnlineAtMs).toISOString(),
    acceptedSecretId: puppet.acceptedSecretId,
    ...(puppet.botId !== '' && { botId: puppet.botId }),
    from: puppet.from,
    replacedFrom: puppet.replacedFrom,
  };
}

/** Its secrets are in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field, as a registration would. */
export function fromExported(line: object): Puppet {
  const dto = validated(ExportedPuppetDto, line);
  return {
    ...toRegistration(dto, dto.from ?? '', dto.botId ?? ''),
    acceptedSecretId: dto.acceptedSecretId ?? null,
    online: dto.online,
    goodbyeDoubted: false,
    lastOnlineAtMs: dto.lastOnlineDate === undefined ? null : Date.parse(dto.lastOnlineDate),
    replacedFrom: dto.replacedFrom ?? [],
    answered: true,
  };
}
