/** A bot as a line of an exported file. The line has the hashes of its keys, so programs keep their keys after an import. */

import { hash } from 'node:crypto';
import { IntersectionType, OmitType, PartialType, PickType } from '../../http/answers/swagger.js';
import { faultsIn, IsNested, knownFieldsOf, validated } from '../../http/answers/validation.js';
import { toIso } from '../../http/answers/times.js';
import { IsTime, mustBe, rule } from '../../http/answers/field-rules.js';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Matches } from 'class-validator';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { type AgentSettings, readAgent } from './agent.dto.js';
import { toBody, toBotDto } from './bot-body.js';
import { type BotKey, isOpen, SIGNING_SECRET_FORMAT } from './bot.js';
import { BOT_DEFAULTS, BotCallbackFieldsDto, BotDto, CALLBACK_DEFAULTS } from './bot.dto.js';
import { KIND_DTOS } from './kinds.dto.js';
import { readBot, type StoredBot } from './stored-bot.js';

/** More than a bot has: the current key, and the one before for as long as it is still valid. */
const KEYS_MAX = 8;
const AN_ID = '1 to 64 letters, digits, "_" or "-"';

/** What 2.0.0 exported already. Its lines have nothing else of `BotDto`. */
const OF_2_0 = ['name', 'corpId', 'openKfIds', 'kind', 'api'] as const;
const CALLBACK_OF_2_0 = ['receiveId', 'timeoutMs'] as const;

interface KeyEntry {
  readonly hash: string;
  readonly until: string | null;
}

class CallbackEntryDto extends IntersectionType(
  PickType(BotCallbackFieldsDto, CALLBACK_OF_2_0),
  PartialType(OmitType(BotCallbackFieldsDto, ['url', ...CALLBACK_OF_2_0])),
) {}

class BotEntryDto extends IntersectionType(PickType(BotDto, OF_2_0), PartialType(OmitType(BotDto, OF_2_0))) {
  @Matches(/^[\w-]{1,64}$/, mustBe(AN_ID))
  readonly id!: string;

  /** Left out, or `null`, for kinds that are sent no callbacks. */
  @IsOptional()
  @IsNested(CallbackEntryDto)
  readonly callback?: CallbackEntryDto | null;

  /** Left out for a bot of another kind than agent. */
  @IsOptional()
  readonly agent?: AgentSettings | null;

  /** As one text: in the clear, or sealed for the bot with this id. */
  @IsString(mustBe('the secrets of the bot as JSON'))
  readonly secrets!: string;

  @IsArray({ message: 'keys must be a list' })
  @ArrayMaxSize(KEYS_MAX, { message: `keys must be a list of at most ${KEYS_MAX}` })
  @rule('areKeys', (value) =>
    Array.isArray(value) && value.every(isKey)
      ? null
      : 'be hashes, each with until: the time until which the key is valid, or null',
  )
  readonly keys!: KeyEntry[];

  @IsTime()
  readonly createdAt!: string;
}

/** Every field by name, so that the order is always the same: a store gives them in the order in which the bot was made. */
export function toBotEntry(stored: StoredBot): BotEntryDto {
  const bot = readBot(stored);
  return {
    ...toBotDto(bot),
    id: bot.id,
    callback: 'callback' in bot ? toCallback(bot.callback) : null,
    ...(bot.kind === 'agent' && { agent: readAgent(bot.agent) }),
    secrets: stored.secrets.reveal(),
    keys: bot.keys.map(({ hash, untilMs }) => ({ hash, until: untilMs === null ? null : toIso(untilMs) })),
    createdAt: toIso(bot.createdAtMs),
  };
}

/** @param line with its secrets in the clear. @throws AppError `REQUEST_INVALID` naming every wrong field */
export function fromBotEntry(line: object): StoredBot {
  const dto = validated(BotEntryDto, line);
  const { callback, secrets, keys, createdAt, order, include, since, agent, ...same } = dto;
  const stored: StoredBot = {
    ...BOT_DEFAULTS,
    ...same,
    ...(order && { order }),
    includesServicer: include?.includes('servicer') ?? false,
    takesMessagesSinceMs: since ? Date.parse(since) : null,
    callback: callback ? toCallback(callback) : null,
    agent: agent ?? null,
    secrets: new Secret(secrets),
    keys: keys.map(toKey),
    createdAtMs: Date.parse(createdAt),
    revision: '',
  };
  const faults = faultsOf(dto, stored);
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
  // The revision follows from the content. So importing a line again changes nothing, and running managers notice a new line.
  return { ...stored, revision: `imported ${hash('sha256', contentOf(stored), 'base64url')}` };
}

function faultsOf({ kind, callback, agent, since }: BotEntryDto, stored: StoredBot): string[] {
  const bot = readBot(stored);
  if (Boolean(callback) !== 'callback' in bot)
    return ['callback must be given for kinds callback and stream, and for no other'];
  if (Boolean(agent) !== (kind === 'agent')) return ['agent must be given for kind agent, and for no other'];
  return [
    ...((bot.takes === 'message') === Boolean(since)
      ? []
      : ['since must be given for a bot that takes messages, and for no other']),
    ...(isOpen(bot)
      ? [
          ...faultsIn(KIND_DTOS[kind], toBody(bot)),
          ...faultsOfSigning(bot.takes, bot.secrets.signingSecret.reveal()),
        ]
      : ['secrets must be the secrets of the bot as JSON']),
  ];
}

/** An import makes no signing secret: each import would make another one, and nobody would be shown it. */
function faultsOfSigning(takes: BotDto['takes'], signing: string): string[] {
  if (signing === '' && takes === 'message') {
    return [
      'signingSecret is missing, which signs messages; import the bot with takes event and without since, then set takes to message: that makes one',
    ];
  }
  const isGood = signing === '' || SIGNING_SECRET_FORMAT.pattern.test(signing);
  return isGood ? [] : [`signingSecret must be ${SIGNING_SECRET_FORMAT.expected}`];
}

function isKey(key: Partial<KeyEntry> | null): boolean {
  if (typeof key?.hash !== 'string') return false;
  return key.until === null || !Number.isNaN(Date.parse(String(key.until)));
}

function toCallback(given: CallbackEntryDto): CallbackEntryDto {
  return { ...CALLBACK_DEFAULTS, ...knownFieldsOf(CallbackEntryDto, given) };
}

function toKey({ hash, until }: KeyEntry): BotKey {
  return { hash, untilMs: until === null ? null : Date.parse(until) };
}

/** Whether both are equal in everything but the revision. */
export function isSameBot(a: StoredBot, b: StoredBot): boolean {
  return contentOf(a) === contentOf(b);
}

function contentOf(bot: StoredBot): string {
  return JSON.stringify(toBotEntry(bot));
}
