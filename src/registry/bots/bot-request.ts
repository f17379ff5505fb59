/** The body of a bot, new or changed: what a request leaves out is completed, and the class of the bot's kind judges the whole. */
import { AppError } from '../../kernel/app-error.js';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { faultsByField, faultsIn, knownFieldsOf } from '../../http/answers/validation.js';
import { readCallbackUrl, shownUrl } from '../endpoint/endpoint.js';
import { toWholeAgent } from './agent.dto.js';
import type { Bot, Open } from './bot.js';
import { toBody } from './bot-body.js';
import { BotCallbackDto, type BotChangeDto, CALLBACK_DEFAULTS, type NewBotDto } from './bot.dto.js';
import { KIND_DTOS, type KindDto } from './kinds.dto.js';

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

/** @returns the whole body of the bot. @throws AppError `REQUEST_INVALID` naming every fault */
export function toNewBody(dto: NewBotDto, terms: Terms): KindDto {
  const body = completed(dto, newBody(dto), terms);
  refuse([...faultsIn(KIND_DTOS[dto.kind], body), ...faultsOfTerms(dto, body, null, terms)]);
  return knownFieldsOf(KIND_DTOS[dto.kind], body);
}

/**
 * @returns the whole body of the bot as it is to be.
 * @throws AppError `REQUEST_INVALID` naming every fault. What was wrong before is none, unless the change is about it: a bot that was
 *   stored before a rule can be paused and renamed all the same.
 */
export function toChangedBody(dto: BotChangeDto, bot: Open<Bot>, terms: Terms): KindDto {
  const before = toBody(bot);
  const body = completed(dto, before, terms);
  const known = faultsByField(KIND_DTOS[bot.kind], before);
  const faults = [...faultsByField(KIND_DTOS[bot.kind], body)].flatMap(([field, all]) =>
    all.filter((fault) => isAbout(dto, field, fault) || !known.get(field)?.includes(fault)),
  );
  refuse([...faults, ...faultsOfTerms(dto, body, before, terms)]);
  return knownFieldsOf(KIND_DTOS[bot.kind], body);
}

/** Whether the request gives the field, or what the fault names in it, such as `callback.headers`. */
function isAbout(dto: BotChangeDto, field: string, fault: string): boolean {
  const value: unknown = dto[field as keyof BotChangeDto];
  const [name] = fault.startsWith(`${field}.`) ? fault.slice(field.length + 1).split(/[ .[]/, 1) : [];
  return name === undefined ? value !== undefined : Object.hasOwn(Object(value), name);
}

/** What a new bot has where the request leaves it out. */
function newBody({ kind, corpId }: NewBotDto): NewBotDto {
  const keys = { token: randomLettersAndDigits(32), encodingAESKey: randomLettersAndDigits(43) };
  const { form, ...called } = { receiveId: corpId, ...CALLBACK_DEFAULTS, ...keys };
  return {
    kind,
    corpId,
    api: 'manager',
    paused: false,
    takes: kind === 'agent' ? 'message' : 'event',
    ...(kind === 'callback' && { callback: { form, headers: {}, ...called } }),
    ...(kind === 'stream' && { callback: called }),
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
