import { IsNested, nested } from '../../http/answers/validation.js';
import { IsTime, mustBe } from '../../http/answers/field-rules.js';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  registerDecorator,
} from 'class-validator';
import { AppError } from '../../kernel/app-error.js';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { Secret } from '../../kernel/secret.js';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  CORP_SECRET_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  ID_FORMAT,
  NAME_LENGTH_MAX,
  RECEIVE_ID_LENGTH_MAX,
} from '../../kernel/wecom-format.js';
import { isShownUrl, readCallbackUrl, shownUrl } from '../endpoint/endpoint.js';
import {
  ALL_OTHERS,
  BOT_APIS,
  BOT_TAKES,
  BOT_TIMEOUT_MS,
  type Bot,
  type BotApi,
  type BotSecrets,
  type BotTakes,
  type BotTaking,
  makeSigningSecret,
  MESSAGE_ORDERS,
  type MessageOrder,
  TAKES_EVENTS,
  toSecretsText,
} from './bot.js';
import { BOT_KINDS, type BotKind, KINDS } from './bot-kinds.js';
import type { NewBot } from './bots.service.js';
import type { OpenBot } from './known-bots.js';
import { faultsOfTaking, INCLUDED, type Included, takingOf, type Terms } from './taking.js';

/** More accounts than a corp may have without asking WeCom for more. */
const ACCOUNTS_MAX = 1_000;
const HEADERS_MAX = 16;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,1024}$/;
/** What the manager sends itself, and what belongs to the connection. */
const OWN_HEADERS =
  /^(content-(type|length|encoding)|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|webhook-.*|x-wxkf-.*|traceparent|tracestate)$/i;

const A_NAME = `a name of 1 to ${NAME_LENGTH_MAX} characters`;
const A_RECEIVER = `an id of at most ${RECEIVE_ID_LENGTH_MAX} characters`;
const ACCOUNTS = `a list of 1 to ${ACCOUNTS_MAX} different account ids, or ["${ALL_OTHERS}"] for all others of the corp`;
const A_TIMEOUT = {
  message: `timeoutMs must be a whole number from ${BOT_TIMEOUT_MS.min} to ${BOT_TIMEOUT_MS.max}`,
};

/** Where and how a bot takes callbacks: a callback bot at its URL, a stream bot over its connection. */
export class BotCallbackDto {
  /**
   * Where a callback bot takes WeCom's callbacks: a URL with its path and perhaps a query. It is judged like the endpoint of a
   * puppet.
   * @example http://127.0.0.1:5300/bots/7f0c/callback
   */
  @IsOptional()
  @IsCallbackUrl()
  readonly url?: string;

  /** Its callback token; made if it is left out. */
  @IsOptional()
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token?: string;

  /** Its EncodingAESKey; made if it is left out. */
  @IsOptional()
  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey?: string;

  /**
   * The receiver that its callbacks are sealed for; the corp if it is left out.
   * @example wx5823bf96d3bd56c7
   */
  @IsOptional()
  @IsString(mustBe(A_RECEIVER))
  @MaxLength(RECEIVE_ID_LENGTH_MAX, mustBe(A_RECEIVER))
  readonly receiveId?: string;

  /**
   * Headers that each of its callbacks gets besides its own, such as PandaWiki's X-KB-ID.
   * @example { "X-KB-ID": "0191" }
   */
  @IsOptional()
  @IsHeaders()
  readonly headers?: Record<string, string>;

  /**
   * How long an attempt may take, milliseconds: such programs pull before they answer. WeCom is answered after 1 s all the same.
   * @example 4000
   */
  @IsOptional()
  @IsInt(A_TIMEOUT)
  @Min(BOT_TIMEOUT_MS.min, A_TIMEOUT)
  @Max(BOT_TIMEOUT_MS.max, A_TIMEOUT)
  readonly timeoutMs?: number;
}

/** The fields of a bot that can be changed; `null` counts as left out. */
export class BotChangeDto {
  /**
   * For people.
   * @example "Support bot"
   */
  @IsOptional()
  @Matches(new RegExp(`^[^\\p{Cc}]{1,${NAME_LENGTH_MAX}}$`, 'u'), mustBe(A_NAME))
  readonly name?: string;

  /**
   * The accounts whose events it takes, or `["*"]` for all of the corp that no other bot and no registration has.
   * @example ["wkAAA"]
   */
  @IsOptional()
  @IsArray({ message: `openKfIds must be ${ACCOUNTS}` })
  @ArrayMaxSize(ACCOUNTS_MAX, { message: `openKfIds must be ${ACCOUNTS}` })
  @IsAccounts()
  readonly openKfIds?: string[];

  /**
   * How it calls WeCom: `manager`, by the manager's base; `tunnel`, through CONNECT; `direct`, from an address of its own.
   * @example manager
   */
  @IsOptional()
  @IsIn(BOT_APIS, { message: `api must be one of ${BOT_APIS.join(', ')}` })
  readonly api?: BotApi;

  /**
   * What it is given: event, the callbacks of its accounts, the newest one if several wait; message, what customers write and
   * what happens, each once and in order. For message the manager pulls with `corpSecret`, and `SECRETS_KEY` has to be set.
   * @example event
   */
  @IsOptional()
  @IsIn(BOT_TAKES, { message: `takes must be one of ${BOT_TAKES.join(', ')}` })
  readonly takes?: BotTakes;

  /**
   * Of a bot that takes messages, of which an account has one under way at a time: what one that was not taken holds up.
   * account, those of its account; customer, those of its customer.
   * @example account
   */
  @IsOptional()
  @IsIn(MESSAGE_ORDERS, { message: `order must be one of ${MESSAGE_ORDERS.join(', ')}` })
  readonly order?: MessageOrder;

  /**
   * Of a bot that takes messages: what it is given besides; servicer, what persons who serve write.
   * @example ["servicer"]
   */
  @IsOptional()
  @IsInclude()
  readonly include?: Included[];

  /**
   * Of a bot that takes messages: it is given what was sent since then, at most 3 days back; left out, since now. ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsOptional()
  @IsTime()
  readonly since?: string;

  /** Where and how it takes callbacks. */
  @IsOptional()
  @IsNested(BotCallbackDto)
  readonly callback?: BotCallbackDto;

  /**
   * The secret of its app, by which the manager recognizes access tokens that the bot got from WeCom itself, and pulls for a bot
   * that takes messages.
   */
  @IsOptional()
  @Matches(CORP_SECRET_FORMAT.pattern, mustBe(CORP_SECRET_FORMAT.expected))
  readonly corpSecret?: string;
}

/** Body of `POST /api/v1/bots`. */
export class NewBotDto extends BotChangeDto {
  /**
   * The corp of its accounts.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * callback: the manager sends it WeCom's callbacks at `callback.url`; puppet: it registers with its key; stream: it opens a
   * connection with its key, and gets its events over that; none: people serve the accounts, and their events go to nobody.
   * @example callback
   */
  @IsIn(BOT_KINDS, { message: `kind must be one of ${BOT_KINDS.join(', ')}` })
  readonly kind!: BotKind;
}

/** @throws AppError `REQUEST_INVALID` for fields that are wrong together. */
export function toNewBot(dto: NewBotDto, terms: Terms): NewBot {
  const { name, openKfIds, kind, corpId, api = 'manager' } = dto;
  const { takesCallbacks, hasUrl } = KINDS[kind];
  const missing = Object.entries({ name, openKfIds })
    .filter(([, value]) => value === undefined)
    .map(([field]) => `${field} is missing`);
  if (hasUrl && urlIn(dto) === undefined) missing.push('callback.url is missing');
  if (!takesCallbacks && dto.callback !== undefined)
    missing.push('callback is for bots of kind callback or stream');
  if (takesCallbacks && !hasUrl) missing.push(...faultsOfStream(dto));
  missing.push(...faultsOfUrl(urlIn(dto)));
  const made = {
    url: new Secret(''),
    callbackToken: new Secret(takesCallbacks ? randomLettersAndDigits(32) : ''),
    encodingAESKey: new Secret(takesCallbacks ? randomLettersAndDigits(43) : ''),
    corpSecret: new Secret(''),
    headers: {},
    signingSecret: makeSigningSecret(),
  };
  const secrets = secretsOf(dto, made);
  const taking = takingOf(dto, TAKES_EVENTS, terms);
  refuse([...missing, ...faultsOfTaking(dto, { kind, api, takes: taking.takes }, secrets, null, terms)]);
  return {
    name: name ?? '',
    corpId,
    openKfIds: openKfIds ?? [],
    kind,
    api,
    ...taking,
    callback: takesCallbacks
      ? callbackOf(dto, { receiveId: corpId, timeoutMs: BOT_TIMEOUT_MS.default })
      : null,
    secrets: toSecretsText(secrets),
  };
}

/** @throws AppError `REQUEST_INVALID` for a change that the bot cannot have. */
export function toBotChange(dto: BotChangeDto, bot: OpenBot, terms: Terms): Partial<NewBot> {
  const { name, openKfIds, api, callback } = dto;
  const { takesCallbacks, hasUrl } = KINDS[bot.kind];
  if (callback !== undefined && bot.callback === null)
    throw new AppError('REQUEST_INVALID', { detail: 'callback is for bots of kind callback or stream' });
  const taking = takingOf(dto, bot, terms);
  const secrets = secretsOf(dto, signingFor(taking, bot.opened));
  const asked = { kind: bot.kind, api: api ?? bot.api, takes: taking.takes };
  refuse([
    ...(takesCallbacks && !hasUrl ? faultsOfStream(dto) : []),
    ...faultsOfUrl(newUrlIn(dto, bot.opened)),
    ...faultsOfTaking(dto, asked, secrets, bot, terms),
  ]);
  return {
    ...(name !== undefined && { name }),
    ...(openKfIds !== undefined && { openKfIds }),
    ...(api !== undefined && { api }),
    ...taking,
    ...(bot.callback !== null && { callback: callbackOf(dto, bot.callback) }),
    secrets: toSecretsText(secrets),
  };
}

function faultsOfStream({ callback }: BotChangeDto): string[] {
  const { url, headers } = fieldsOf(callback);
  const given = Object.entries({ url, headers }).filter(([, value]) => value !== undefined);
  return given.map(([field]) => `callback.${field} is for bots of kind callback: a stream needs none`);
}

/** With what stands for a query in answers, no callback would reach the program as it is meant. */
function faultsOfUrl(url: string | undefined): string[] {
  if (url === undefined || !isShownUrl(url)) return [];
  return ['callback.url must have its own query in the place of ***, which stands for one that is not shown'];
}

/** A bot from before there were signing secrets gets one once it needs one. */
function signingFor({ takes }: BotTaking, secrets: BotSecrets): BotSecrets {
  const lacksIt = takes === 'message' && secrets.signingSecret.reveal() === '';
  return lacksIt ? { ...secrets, signingSecret: makeSigningSecret() } : secrets;
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
}

/** The URL that is given for a bot; `undefined` when it is left out. */
export function urlIn({ callback }: BotChangeDto): string | undefined {
  return fieldsOf(callback).url;
}

/** The same of a change; `undefined` also where it is the one that the bot has, as answers show it. */
export function newUrlIn(dto: BotChangeDto, { url }: Pick<BotSecrets, 'url'>): string | undefined {
  const [given, before] = [urlIn(dto), readCallbackUrl(url.reveal())];
  return 'must' in before || given !== shownUrl(before) ? given : undefined;
}

function fieldsOf(callback: BotCallbackDto | undefined): BotCallbackDto {
  return nested(BotCallbackDto, callback ?? {});
}

function callbackOf({ callback }: BotChangeDto, before: NonNullable<Bot['callback']>) {
  const { receiveId, timeoutMs } = fieldsOf(callback);
  return {
    receiveId: receiveId ?? before.receiveId,
    timeoutMs: timeoutMs ?? before.timeoutMs,
  };
}

function secretsOf(dto: BotChangeDto, before: BotSecrets): BotSecrets {
  const { callback, corpSecret } = dto;
  const { token, encodingAESKey, headers } = fieldsOf(callback);
  const url = newUrlIn(dto, before);
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, new Secret(value)] as const);
  return {
    url: url === undefined ? before.url : new Secret(url),
    callbackToken: token === undefined ? before.callbackToken : new Secret(token),
    encodingAESKey: encodingAESKey === undefined ? before.encodingAESKey : new Secret(encodingAESKey),
    corpSecret: corpSecret === undefined ? before.corpSecret : new Secret(corpSecret),
    headers: headers === undefined ? before.headers : Object.fromEntries(given),
    signingSecret: before.signingSecret,
  };
}

/** Ids of accounts, or `ALL_OTHERS` alone. */
export function IsAccounts(): PropertyDecorator {
  return rule('isAccounts', (value) => {
    const ids = Array.isArray(value) ? value : [];
    const isAll = ids.length === 1 && ids[0] === ALL_OTHERS;
    const areIds = ids.length > 0 && ids.every((id) => typeof id === 'string' && ID_FORMAT.pattern.test(id));
    return isAll || (areIds && ids.length <= ACCOUNTS_MAX && new Set(ids).size === ids.length)
      ? null
      : `be ${ACCOUNTS}`;
  });
}

/** Names of `INCLUDED`, each once. */
export function IsInclude(): PropertyDecorator {
  return rule('isInclude', (value) => {
    const isKnown = (one: unknown): boolean => INCLUDED.some((name) => name === one);
    const isGood = Array.isArray(value) && value.every(isKnown) && new Set(value).size === value.length;
    return isGood ? null : `be a list of ${INCLUDED.join(', ')}, or an empty one`;
  });
}

function IsCallbackUrl(): PropertyDecorator {
  return rule('isCallbackUrl', (value) => {
    if (typeof value !== 'string') return 'be a string';
    const url = readCallbackUrl(value);
    return 'must' in url ? url.must : null;
  });
}

function IsHeaders(): PropertyDecorator {
  return rule('isHeaders', (value) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const entries = isObject ? Object.entries(value) : [];
    if (!isObject || entries.length > HEADERS_MAX)
      return `be an object of at most ${HEADERS_MAX} headers with their values`;
    const own = entries.find(([name]) => OWN_HEADERS.test(name));
    if (own !== undefined) return `not have ${own[0].slice(0, 64)}, which is the manager's own`;
    const isGood = entries.every(
      ([name, text]) => HEADER_NAME.test(name) && HEADER_VALUE.test(String(text)) && typeof text === 'string',
    );
    return isGood
      ? null
      : 'have names of letters, digits and "-", and values of at most 1,024 printable characters';
  });
}

/** @param faultOf gives what is wrong, to follow "must"; `null` when nothing is. */
function rule(name: string, faultOf: (value: unknown) => string | null): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value) => faultOf(value) === null,
        defaultMessage: (args) => `${args?.property} must ${faultOf(args?.value)}`,
      },
    });
  };
}
