/** The wire form of a bot: in requests that add or change it, in exported files, and in answers. */
import { IsNested, IsNestedOrNull } from '../../http/answers/validation.js';
import { IsTime, mustBe, rule } from '../../http/answers/field-rules.js';
import { IntersectionType, OmitType, PartialType, PickType } from '../../http/answers/swagger.js';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import {
  CALLBACK_TOKEN_FORMAT,
  CORP_ID_FORMAT,
  CORP_SECRET_FORMAT,
  ENCODING_AES_KEY_FORMAT,
  ID_FORMAT,
  NAME_LENGTH_MAX,
  RECEIVE_ID_LENGTH_MAX,
} from '../../kernel/wecom-format.js';
import { readCallbackUrl } from '../endpoint/endpoint.js';
import {
  ALL_OTHERS,
  BOT_APIS,
  BOT_FORMS,
  BOT_KINDS,
  BOT_TAKES,
  BOT_TIMEOUT_MS,
  type BotApi,
  type BotForm,
  type BotKind,
  type BotTakes,
  INCLUDED,
  type IncludedSender,
  MESSAGE_ORDERS,
  type MessageOrder,
} from './bot-values.js';
import { AgentDto } from './agent.dto.js';
import { SessionSettings } from './session.dto.js';

/** More accounts than a corp may have without asking WeCom for more. */
const ACCOUNTS_MAX = 1_000;
const HEADERS_MAX = 16;
const HEADER_NAME = /^[A-Za-z0-9-]{1,64}$/;
const HEADER_VALUE = /^[\x20-\x7e]{0,1024}$/;
/** Headers that the manager sends itself, and headers of the connection. */
const OWN_HEADERS =
  /^(content-(type|length|encoding)|host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|webhook-.*|x-wxkf-.*|traceparent|tracestate)$/i;

/** No control characters. The OpenAPI document has patterns without flags, so `\p{Cc}` cannot stand here. */
const NAME = new RegExp(`^[^\\x00-\\x1f\\x7f-\\x9f]{1,${NAME_LENGTH_MAX}}$`, 'u');
const A_NAME = `a name of 1 to ${NAME_LENGTH_MAX} characters`;
const A_RECEIVER = `an id of at most ${RECEIVE_ID_LENGTH_MAX} characters`;
const ACCOUNTS = `a list of 1 to ${ACCOUNTS_MAX} different account ids, or ["${ALL_OTHERS}"] for all others of the corp`;
const A_TIMEOUT = {
  message: `timeoutMs must be a whole number from ${BOT_TIMEOUT_MS.min} to ${BOT_TIMEOUT_MS.max}`,
};

/** Where and how a bot takes callbacks, without the secrets. */
export class BotCallbackFieldsDto {
  /**
   * Where a callback bot takes WeCom's callbacks: a URL with its path and perhaps a query. The rules for the endpoint of a
   * puppet hold for it. Answers show `***` for its query, which may hold a secret, and an empty URL for a bot of kind stream.
   * @example http://127.0.0.1:5300/bots/7f0c/callback
   */
  @IsCallbackUrl()
  readonly url!: string;

  /**
   * What a callback bot gets at its URL. wecom: callbacks in WeCom's format. json: each message as JSON, signed with its signing
   * secret; only for a bot that takes messages. Left out: wecom.
   * @example wecom
   */
  @IsIn(BOT_FORMS, { message: `form must be one of ${BOT_FORMS.join(', ')}` })
  readonly form!: BotForm;

  /**
   * The receiver that its callbacks are sealed for. Left out: the corp.
   * @example wx5823bf96d3bd56c7
   */
  @IsString(mustBe(A_RECEIVER))
  @MaxLength(RECEIVE_ID_LENGTH_MAX, mustBe(A_RECEIVER))
  readonly receiveId!: string;

  /**
   * How long an attempt may take, in milliseconds. Many programs pull before they answer. WeCom is answered after 1 s anyway.
   * @example 5000
   */
  @IsInt(A_TIMEOUT)
  @Min(BOT_TIMEOUT_MS.min, A_TIMEOUT)
  @Max(BOT_TIMEOUT_MS.max, A_TIMEOUT)
  readonly timeoutMs!: number;
}

/** What `callback` has where nothing was said of it, also where it was stored or exported before that could be said. */
export const CALLBACK_DEFAULTS = { form: 'wecom', timeoutMs: BOT_TIMEOUT_MS.default } as const;

/** Where and how a bot takes callbacks: a callback bot at its URL, a stream bot over its connection. */
export class BotCallbackDto extends PartialType(BotCallbackFieldsDto) {
  /** Its callback token. A new bot gets a random one if it is left out. */
  @IsOptional()
  @Matches(CALLBACK_TOKEN_FORMAT.pattern, mustBe(CALLBACK_TOKEN_FORMAT.expected))
  readonly token?: string;

  /** Its EncodingAESKey. A new bot gets a random one if it is left out. */
  @IsOptional()
  @Matches(ENCODING_AES_KEY_FORMAT.pattern, mustBe(ENCODING_AES_KEY_FORMAT.expected))
  readonly encodingAESKey?: string;

  /**
   * Additional headers of each callback, such as PandaWiki's X-KB-ID.
   * @example { "X-KB-ID": "0191" }
   */
  @IsOptional()
  @IsHeaders()
  readonly headers?: Record<string, string>;
}

/** The fields of a bot that come in and go out alike. */
export class BotDto {
  /**
   * For people.
   * @example "Support bot"
   */
  @Matches(NAME, mustBe(A_NAME))
  readonly name!: string;

  /**
   * The corp of its accounts.
   * @example wx5823bf96d3bd56c7
   */
  @Matches(CORP_ID_FORMAT.pattern, mustBe(CORP_ID_FORMAT.expected))
  readonly corpId!: string;

  /**
   * The accounts whose events it takes. `["*"]` matches every account of the corp that no other bot lists and no puppet has
   * registered.
   * @example ["wkAAA"]
   */
  @IsArray({ message: `openKfIds must be ${ACCOUNTS}` })
  @ArrayMaxSize(ACCOUNTS_MAX, { message: `openKfIds must be ${ACCOUNTS}` })
  @IsAccounts()
  readonly openKfIds!: string[];

  /**
   * callback: the manager sends it WeCom's callbacks at `callback.url`; puppet: it registers with its key; stream: it opens a
   * connection with its key, and gets its events over that; none: people serve the accounts, and their events go to nobody;
   * agent: the manager asks the service of `agent` about each message, and sends its answer.
   * @example callback
   */
  @IsIn(BOT_KINDS, { message: `kind must be one of ${BOT_KINDS.join(', ')}` })
  readonly kind!: BotKind;

  /**
   * What it gets. event: the callbacks of its accounts; if several wait, a bot of kind callback gets the newest 20, any other
   * bot the newest one. message: the customers' messages and events, in order; again under the same id only where nobody knows
   * whether the bot took it. For message the manager pulls with `corpSecret`, and `SECRETS_KEY` has to be set.
   * @example event
   */
  @IsIn(BOT_TAKES, { message: `takes must be one of ${BOT_TAKES.join(', ')}` })
  readonly takes!: BotTakes;

  /**
   * For a bot that takes messages: what a message blocks that was not taken. account: all later messages of its account.
   * customer: the later messages of its customer alone, as always for kind agent. One message of an account is under way at a
   * time, but for kind agent one of each customer. Answers have null for a bot that takes events.
   * @example account
   */
  @IsIn(MESSAGE_ORDERS, { message: `order must be one of ${MESSAGE_ORDERS.join(', ')}` })
  readonly order!: MessageOrder | null;

  /**
   * For a bot that takes messages: what it gets in addition. servicer: what human servicers write.
   * @example ["servicer"]
   */
  @IsInclude()
  readonly include!: IncludedSender[];

  /**
   * For a bot that takes messages: it gets the messages that were sent since this time, at most 3 days back. Left out: since
   * now. ISO 8601, UTC. Answers have null for a bot that takes events.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsTime()
  readonly since!: string | null;

  /**
   * How it calls WeCom. `manager`: at the manager's base URL. `tunnel`: through the manager, by CONNECT. `direct`: from an
   * address of its own.
   * @example manager
   */
  @IsIn(BOT_APIS, { message: `api must be one of ${BOT_APIS.join(', ')}` })
  readonly api!: BotApi;

  /**
   * While this is true, nothing is sent to the bot, and its events and messages are kept. When it becomes false, they are sent at
   * once. Left out: false.
   * @example false
   */
  @IsBoolean({ message: 'paused must be true or false' })
  readonly paused!: boolean;

  /**
   * For a bot that takes messages: how it and people share customers. It replaces the former one as a whole; null takes it away.
   * Left out: nobody but the bot is thought of, and nothing is sent by the manager itself.
   */
  @IsNestedOrNull(SessionSettings)
  readonly session!: SessionSettings | null;
}

/** What a bot has where nothing was said of it, also one that was stored or exported before that could be said. */
export const BOT_DEFAULTS = {
  paused: false,
  takes: 'event',
  order: 'account',
  includesServicer: false,
  takesMessagesSinceMs: null,
  session: null,
} as const;

/** The fields of a bot that can be changed; `null` counts as left out, except for `session`. Its own ones hold secrets, and only come in. */
export class BotChangeDto extends PartialType(OmitType(BotDto, ['corpId', 'kind'])) {
  /** Where and how it takes callbacks. */
  @IsOptional()
  @IsNested(BotCallbackDto)
  readonly callback?: BotCallbackDto;

  /** For kind agent: the service that answers, and how it is asked. */
  @IsOptional()
  @IsNested(AgentDto)
  readonly agent?: AgentDto;

  /**
   * The secret of its app. With it, the manager recognizes access tokens that the bot got from WeCom itself, and pulls for a
   * bot that takes messages.
   */
  @IsOptional()
  @Matches(CORP_SECRET_FORMAT.pattern, mustBe(CORP_SECRET_FORMAT.expected))
  readonly corpSecret?: string;
}

/** Body of `POST /api/v1/bots`. */
export class NewBotDto extends IntersectionType(PickType(BotDto, ['corpId', 'kind']), BotChangeDto) {}

/** Ids of accounts, or `ALL_OTHERS` alone. */
function IsAccounts(): PropertyDecorator {
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
function IsInclude(): PropertyDecorator {
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
    if (own !== undefined) return `not have ${own[0].slice(0, 64)}, which the manager sets itself`;
    const isGood = entries.every(
      ([name, text]) => HEADER_NAME.test(name) && HEADER_VALUE.test(String(text)) && typeof text === 'string',
    );
    return isGood
      ? null
      : 'have names of letters, digits and "-", and values of at most 1,024 printable characters';
  });
}
