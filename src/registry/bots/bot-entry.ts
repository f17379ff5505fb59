/** A bot as a line of an exported file. The line has the hashes of its keys, so programs keep their keys after an import. */

import { hash } from 'node:crypto';
import { IntersectionType, OmitType, PartialType, PickType } from '../../http/answers/swagger.js';
import { faultsIn, validated } from '../../http/answers/validation.js';
import { toIso } from '../../http/answers/times.js';
import { IsTime, mustBe } from '../../http/answers/field-rules.js';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches } from 'class-validator';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import {
  type Bot,
  type BotCallback,
  type BotKey,
  type BotSecrets,
  type BotTakes,
  readSecrets,
  SIGNING_SECRET_FORMAT,
  TAKES_EVENTS,
} from './bot.js';
import { KINDS, rulesOf } from './bot-kinds.js';
import { type AgentSettings, faultsOfAgent, readAgent } from './agent.dto.js';
import { BotChangeDto, BotDto, toBotDto } from './bot.dto.js';
import { readSession } from './session.dto.js';
import { faultsOfMessageBot } from './taking.js';

/** More than a bot has: the current key, and the one before for as long as it is still valid. */
const KEYS_MAX = 8;
const AN_ID = '1 to 64 letters, digits, "_" or "-"';

/** Lines that were exported before bots could take messages, be paused, or share customers, do not have these fields. */
const LATER = ['takes', 'order', 'include', 'since', 'paused', 'session'] as const;

class BotEntryDto extends IntersectionType(OmitType(BotDto, LATER), PartialType(PickType(BotDto, LATER))) {
  @Matches(/^[\w-]{1,64}$/, mustBe(AN_ID))
  readonly id!: string;

  @IsOptional()
  readonly callback?: BotCallback | null;

  /** Left out for a bot of another kind than agent. */
  @IsOptional()
  readonly agent?: AgentSettings | null;

  /** As one text: in the clear, or sealed for the bot with this id. */
  @IsString(mustBe('the secrets of the bot as JSON'))
  readonly secrets!: string;

  @IsArray({ message: 'keys must be a list' })
  @ArrayMaxSize(KEYS_MAX, { message: `keys must be a list of at most ${KEYS_MAX}` })
  readonly keys!: { readonly hash: string; readonly until: string | null }[];

  @IsTime()
  readonly createdAt!: string;
}

/** Every field by name, so that the order is always the same: a store gives them in the order in which the bot was made. */
export function toBotEntry(bot: Bot): BotEntryDto {
  return {
    ...toBotDto(bot),
    id: bot.id,
    callback: bot.callback && toCallback(bot.callback),
    ...(bot.agent && { agent: readAgent(bot.agent) }),
    secrets: bot.secrets.reveal(),
    keys: bot.keys.map(({ hash, untilMs }) => ({ hash, until: untilMs === null ? null : toIso(untilMs) })),
    createdAt: toIso(bot.createdAtMs),
  };
}

/** @param line with its secrets in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field */
export function fromBotEntry(line: object): Bot {
  const dto = validated(BotEntryDto, line);
  const faults = faultsOf(dto);
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
  const {
    callback,
    secrets,
    keys,
    createdAt,
    takes,
    order,
    include,
    since,
    paused,
    session,
    agent,
    ...same
  } = dto;
  const bot: Bot = {
    ...same,
    takes: takes ?? TAKES_EVENTS.takes,
    order: order ?? TAKES_EVENTS.order,
    includesServicer: include?.includes('servicer') ?? false,
    takesMessagesSinceMs: since ? Date.parse(since) : null,
    callback: callback ? toCallback(callback) : null,
    agent: agent ? readAgent(agent) : null,
    paused: paused ?? false,
    session: session ? readSession(session) : null,
    secrets: new Secret(secrets),
    keys: keys.map(toKey),
    createdAtMs: Date.parse(createdAt),
    revision: '',
  };
  // The revision follows from the content. So importing a line again changes nothing, and running managers notice a new line.
  return { ...bot, revision: `imported ${hash('sha256', contentOf(bot), 'base64url')}` };
}

function faultsOf(dto: BotEntryDto): string[] {
  const { kind, secrets, keys } = dto;
  const callback = dto.callback ?? undefined;
  if ((callback !== undefined) !== KINDS[kind].takesCallbacks)
    return ['callback must be given for kinds callback and stream, and for no other'];
  if (Boolean(dto.agent) !== KINDS[kind].isAsked)
    return ['agent must be given for kind agent, and for no other'];
  const opened = readSecrets({ secrets: new Secret(secrets) });
  return [
    ...(keys.every(isKey)
      ? []
      : ['keys must be hashes, each with until: the time until which the key is valid, or null']),
    ...(opened === null
      ? ['secrets must be the secrets of the bot as JSON']
      : [...faultsOfTaking(dto, opened), ...faultsIn(BotChangeDto, toChange(dto, opened))]),
  ];
}

function faultsOfTaking(dto: BotEntryDto, secrets: BotSecrets): string[] {
  const { takes = TAKES_EVENTS.takes, order, since, session, callback, agent } = dto;
  const isAskedSo = takes === 'message' && order === 'customer';
  return [
    ...(agent ? faultsOfAgent(agent, secrets.agentKey) : []),
    ...(agent && !isAskedSo ? ['takes must be message and order customer for kind agent'] : []),
    ...(takes === 'event' && callback?.form === 'json'
      ? ['callback.form must be wecom for takes event']
      : []),
    ...(takes === 'event' && session ? ['session is for bots that take messages'] : []),
    ...(takes === 'message' ? faultsOfMessageBot(dto, secrets) : []),
    ...((takes === 'message') === (since !== undefined)
      ? []
      : ['since must be given for a bot that takes messages, and for no other']),
    ...faultsOfSigning(takes, secrets.signingSecret.reveal()),
  ];
}

/** An import makes no signing secret: each import would make another one, and nobody would be shown it. */
function faultsOfSigning(takes: BotTakes, signing: string): string[] {
  if (signing === '' && takes === 'message') {
    return [
      'signingSecret is missing, which signs messages; import the bot with takes event and without since, then set takes to message: that makes one',
    ];
  }
  const isGood = signing === '' || SIGNING_SECRET_FORMAT.pattern.test(signing);
  return isGood ? [] : [`signingSecret must be ${SIGNING_SECRET_FORMAT.expected}`];
}

/** The body of a request with these values, so that the API's rules check them. A missing value becomes an invalid one. */
function toChange({ kind, callback: given, agent }: BotEntryDto, secrets: BotSecrets): object {
  const callback: Partial<BotCallback> | null = given ?? null;
  const { url, callbackToken, encodingAESKey, corpSecret, headers } = secrets;
  const values = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return {
    ...(corpSecret.reveal() !== '' && { corpSecret: corpSecret.reveal() }),
    ...(agent && { agent: { ...agent, key: secrets.agentKey.reveal() } }),
    ...(callback && {
      callback: {
        ...(KINDS[kind].hasUrl && { url: url.reveal(), headers: Object.fromEntries(values) }),
        ...(rulesOf({ kind, callback }).takesCallbacks && {
          token: callbackToken.reveal(),
          encodingAESKey: encodingAESKey.reveal(),
        }),
        receiveId: callback.receiveId ?? 0,
        timeoutMs: callback.timeoutMs ?? 0,
        ...(callback.form !== undefined && { form: callback.form }),
      },
    }),
  };
}

function isKey(key: Partial<BotEntryDto['keys'][number]> | null): boolean {
  if (typeof key?.hash !== 'string') return false;
  return key.until === null || !Number.isNaN(Date.parse(String(key.until)));
}

function toCallback({ receiveId, timeoutMs, form = 'wecom' }: BotCallback): BotCallback {
  return { receiveId, timeoutMs, form };
}

function toKey({ hash, until }: BotEntryDto['keys'][number]): BotKey {
  return { hash, untilMs: until === null ? null : Date.parse(until) };
}

/** Whether both are equal in everything but the revision. */
export function isSameBot(a: Bot, b: Bot): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf(bot: Bot): string {
  return JSON.stringify(toBotEntry(bot));
}
