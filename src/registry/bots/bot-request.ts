/** Turns the body of a request into a bot, new or changed: it completes the body, and has the class of the bot's kind judge the whole. */
import { AppError } from '../../kernel/app-error.js';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { Secret } from '../../kernel/secret.js';
import { faultsByField, faultsIn, knownFieldsOf } from '../../http/answers/validation.js';
import { readCallbackUrl, shownUrl } from '../endpoint/endpoint.js';
import { readAgent, toAgentBody, toWholeAgent } from './agent.dto.js';
import {
  BOT_DEFAULTS,
  BOT_TIMEOUT_MS,
  type BotSettings,
  makeSigningSecret,
  type Open,
  takesCallbacks,
} from './bot.js';
import { BotCallbackDto, type BotChangeDto, type NewBotDto, toBotDto } from './bot.dto.js';
import { type CallbackBotDto, KIND_DTOS, type StreamBotDto } from './kinds.dto.js';
import { readSession } from './session.dto.js';

/** As far back as WeCom gives messages (developer.work.weixin.qq.com/document/path/94670). */
const BACK_MAX_MS = 3 * 24 * 3_600_000;

/** A caller who asks for _now_ may have a clock that is ahead of the store's. */
const AHEAD_MAX_MS = 60_000;

const NO_SECRETS_KEY =
  'the manager keeps messages sealed, and SECRETS_KEY is not set: npx wxkf-manager keys generate --add-to .env makes one; then restart the manager';

/** What the rules of a request need besides the bot. */
export interface Terms {
  /** Store time. */
  readonly nowMs: number;
  /** Whether the contents of messages can be sealed at rest. */
  readonly hasSecretsKey: boolean;
}

/** @throws AppError `REQUEST_INVALID` naming every fault */
export function toNewBot(dto: NewBotDto, terms: Terms): Open<BotSettings> {
  const body = completed(dto, newBody(dto), terms);
  refuse([...faultsIn(KIND_DTOS[dto.kind], body), ...faultsOfTerms(dto, body, null, terms)]);
  return toSettings(body, makeSigningSecret());
}

/**
 * @returns the whole bot as it is to be.
 * @throws AppError `REQUEST_INVALID` naming every fault. What was wrong before is none, unless the change is about it: a bot that was
 *   stored before a rule can be paused and renamed all the same.
 */
export function toChangedBot(dto: BotChangeDto, bot: Open<BotSettings>, terms: Terms): Open<BotSettings> {
  const before = toBody(bot);
  const body = completed(dto, before, terms);
  const known = faultsByField(KIND_DTOS[bot.kind], before);
  const faults = [...faultsByField(KIND_DTOS[bot.kind], body)].flatMap(([field, all]) =>
    all.filter((fault) => isAbout(dto, field, fault) || !known.get(field)?.includes(fault)),
  );
  refuse([...faults, ...faultsOfTerms(dto, body, before, terms)]);
  const { signingSecret } = bot.secrets;
  // A bot that was stored before there were signing secrets gets one when it begins to take messages.
  const lacksIt = body.takes === 'message' && signingSecret.reveal() === '';
  return toSettings(body, lacksIt ? makeSigningSecret() : signingSecret);
}

/** Whether the request gives the field, or what the fault names in it, such as `callback.headers`. */
function isAbout(dto: BotChangeDto, field: string, fault: string): boolean {
  const value: unknown = dto[field as keyof BotChangeDto];
  const [name] = fault.startsWith(`${field}.`) ? fault.slice(field.length + 1).split(/[ .[]/, 1) : [];
  return name === undefined ? value !== undefined : Object.hasOwn(Object(value), name);
}

/** The whole bot as the body of a request, with its secrets in the clear. */
export function toBody(bot: Open<BotSettings>): NewBotDto {
  const { order, include, since, ...same } = toBotDto(bot);
  const corpSecret = bot.secrets.corpSecret.reveal();
  return {
    ...same,
    ...(bot.takes === 'message' && { order, include, since }),
    ...(corpSecret !== '' && { corpSecret }),
    ...('callback' in bot && { callback: toCallbackBody(bot) }),
    ...(bot.kind === 'agent' && { agent: toAgentBody(bot.agent, bot.secrets.agentKey) }),
  };
}

function toCallbackBody(bot: Extract<Open<BotSettings>, { callback: object }>): BotCallbackDto {
  const { receiveId, timeoutMs } = bot.callback;
  const { callbackToken, encodingAESKey } = bot.secrets;
  const sealed = { receiveId, token: callbackToken.reveal(), encodingAESKey: encodingAESKey.reveal() };
  const called = { timeoutMs, ...(takesCallbacks(bot) && sealed) };
  if (bot.kind === 'stream') return called;
  const { url, headers } = bot.secrets;
  const values = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return { url: url.reveal(), form: bot.callback.form, headers: Object.fromEntries(values), ...called };
}

/** What a new bot has where the request leaves it out. */
function newBody({ kind, corpId }: NewBotDto): NewBotDto {
  const sealed = {
    receiveId: corpId,
    timeoutMs: BOT_TIMEOUT_MS.default,
    token: randomLettersAndDigits(32),
    encodingAESKey: randomLettersAndDigits(43),
  };
  return {
    kind,
    corpId,
    api: 'manager',
    paused: false,
    takes: kind === 'agent' ? 'message' : 'event',
    ...(kind === 'callback' && { callback: { form: 'wecom', headers: {}, ...sealed } }),
    ...(kind === 'stream' && { callback: sealed }),
  };
}

/** @param base has what the request leaves out. A bot that begins to take messages gets those sent since now, or since `since`. */
function completed(dto: BotChangeDto, base: NewBotDto, { nowMs }: Terms): NewBotDto {
  const { callback: _1, agent: _2, ...asked } = dto;
  const { order, include, since, session, ...same } = base;
  const callback = base.callback
    ? toCallback(dto.callback ?? {}, { receiveId: base.corpId, ...base.callback })
    : dto.callback;
  const agent = base.kind === 'agent' ? toWholeAgent(dto.agent ?? {}, base.agent ?? null) : dto.agent;
  const taking = {
    order: order ?? (base.kind === 'agent' ? 'customer' : 'account'),
    include: include ?? [],
    since: since ?? new Date(nowMs).toISOString(),
    session: session ?? null,
  };
  return {
    ...same,
    ...((dto.takes ?? base.takes) === 'message' ? taking : { session: null }),
    ...asked,
    ...(callback && { callback }),
    ...(agent && { agent }),
  };
}

/** In JSON a bot has neither keys nor a receiver. The URL is left out where it is the present one as answers show it. */
function toCallback(given: BotCallbackDto, base: BotCallbackDto): BotCallbackDto {
  const { url, ...asked } = knownFieldsOf(BotCallbackDto, given);
  const { token: _1, encodingAESKey: _2, receiveId: _3, ...ofJson } = base;
  const before = readCallbackUrl(base.url ?? '');
  const isPresent = url === undefined || (!('must' in before) && url === shownUrl(before));
  const isJson = (asked.form ?? base.form) === 'json';
  return { ...(isJson ? ofJson : base), ...asked, ...(!isPresent && { url }) };
}

/** @param before `null` for a new bot. */
function faultsOfTerms(
  { since }: BotChangeDto,
  { takes }: NewBotDto,
  before: NewBotDto | null,
  { nowMs, hasSecretsKey }: Terms,
): string[] {
  if (takes !== 'message') return [];
  const sinceMs = since ? Date.parse(since) : nowMs;
  return [
    ...(before?.takes !== 'message' && !hasSecretsKey ? [NO_SECRETS_KEY] : []),
    ...(sinceMs > nowMs + AHEAD_MAX_MS ? ['since must not be in the future'] : []),
    ...(sinceMs < nowMs - BACK_MAX_MS
      ? ['since must be at most 3 days back, as far as WeCom gives messages']
      : []),
  ];
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
}

/** @param body that the class of its kind accepts. */
function toSettings(body: NewBotDto, signingSecret: Secret): Open<BotSettings> {
  const dto = knownFieldsOf(KIND_DTOS[body.kind], body);
  const { callback: _1, agent: _2, corpSecret = '', order, include = [], since, session, ...same } = dto;
  const common = {
    ...BOT_DEFAULTS,
    ...same,
    ...(order && { order }),
    includesServicer: include.includes('servicer'),
    takesMessagesSinceMs: since ? Date.parse(since) : null,
    session: session && readSession(session),
  };
  const secrets = { corpSecret: new Secret(corpSecret), signingSecret };
  switch (dto.kind) {
    case 'callback': {
      const { form, timeoutMs, receiveId = dto.corpId, url, headers = {} } = dto.callback;
      const values = Object.entries(headers).map(([name, value]) => [name, new Secret(value)] as const);
      return {
        ...common,
        kind: dto.kind,
        callback: { form, receiveId, timeoutMs },
        secrets: {
          ...secrets,
          ...toKeys(dto.callback),
          url: new Secret(url),
          headers: Object.fromEntries(values),
        },
      };
    }
    case 'stream': {
      const { receiveId, timeoutMs } = dto.callback;
      const callback = { receiveId, timeoutMs };
      return { ...common, kind: dto.kind, callback, secrets: { ...secrets, ...toKeys(dto.callback) } };
    }
    case 'agent': {
      // A bot that was stored without one can be paused all the same.
      const { key = '' } = dto.agent;
      const agentKey = new Secret(key);
      return { ...common, kind: dto.kind, agent: readAgent(dto.agent), secrets: { ...secrets, agentKey } };
    }
    default:
      return { ...common, kind: dto.kind, secrets };
  }
}

/** A bot that gets JSON has none. */
function toKeys({ token = '', encodingAESKey = '' }: (CallbackBotDto | StreamBotDto)['callback']) {
  return { callbackToken: new Secret(token), encodingAESKey: new Secret(encodingAESKey) };
}
