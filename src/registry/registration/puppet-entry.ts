/** A registration as a line of an exported file, under the names that it was registered with. */

import { expected, IsTime } from '../../http/answers/field-rules.js';
import { OmitType } from '../../http/answers/swagger.js';
import { validated } from '../../http/answers/validation.js';
import { ArrayMaxSize, IsBoolean, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { RegisterDto, toPuppetAnswer, toRegistration } from './register.dto.js';

/** More than any address has. */
const ADDRESS_LENGTH_MAX = 64;
/** Many more than are ever kept. */
const ADDRESSES_MAX = 100;

/** Its secrets are texts: in the clear or sealed. `null` counts as left out. */
export class PuppetEntryDto extends OmitType(RegisterDto, ['takes']) {
  @IsBoolean(expected('true or false'))
  readonly online!: boolean;

  @IsOptional()
  @IsTime()
  readonly lastOnlineDate?: string | null;

  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, expected('the hash of a corpSecret'))
  readonly acceptedSecretId?: string | null;

  /** Left out for a puppet that registered with no bot's key. */
  @IsOptional()
  @Matches(/^[\w-]{1,64}$/, expected('the id of a bot'))
  readonly botId?: string;

  @IsOptional()
  @IsString(expected('an address'))
  @MaxLength(ADDRESS_LENGTH_MAX, expected('an address'))
  readonly from?: string;

  @IsOptional()
  @ArrayMaxSize(ADDRESSES_MAX, expected('a list of addresses'))
  @IsString({ each: true, ...expected('a list of addresses') })
  @MaxLength(ADDRESS_LENGTH_MAX, { each: true, ...expected('a list of addresses') })
  readonly replacedFrom?: readonly string[];
}

export function toPuppetEntry(puppet: Puppet): PuppetEntryDto {
  const { acceptedSecretId, botId, from, replacedFrom } = puppet;
  const { online, lastOnlineDate, ...registered } = toPuppetAnswer(puppet);
  return {
    ...registered,
    corpSecret: puppet.corpSecret.reveal(),
    // Left out for a puppet without callback keys.
    ...(puppet.callbackToken.reveal() !== '' && {
      token: puppet.callbackToken.reveal(),
      encodingAESKey: puppet.encodingAESKey.reveal(),
    }),
    online,
    lastOnlineDate,
    acceptedSecretId,
    ...(botId !== '' && { botId }),
    from,
    replacedFrom,
  };
}

/**
 * @param line with its secrets in the clear.
 * @throws AppError `REQUEST_INVALID` naming every wrong field, as a registration would.
 */
export function fromPuppetEntry(line: object): Puppet {
  const dto = validated(PuppetEntryDto, line);
  return {
    ...toRegistration(dto, dto.from ?? '', dto.botId ?? ''),
    acceptedSecretId: dto.acceptedSecretId ?? null,
    online: dto.online,
    goodbyeDoubted: false,
    lastOnlineAtMs: dto.lastOnlineDate ? Date.parse(dto.lastOnlineDate) : null,
    replacedFrom: dto.replacedFrom ?? [],
    answered: true,
  };
}
