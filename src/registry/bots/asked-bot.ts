/** Turns the body of a request into a new bot, or into a change of a bot. */
import { AppError } from '../../kernel/app-error.js';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { Secret } from '../../kernel/secret.js';
import { isShownUrl, readCallbackUrl, shownUrl } from '../endpoint/endpoint.js';
import {
  BOT_TIMEOUT_MS,
  type Bot,
  type BotCallback,
  type BotSecrets,
  type BotTaking,
  makeSigningSecret,
  TAKES_EVENTS,
  toSecretsText,
} from './bot.js';
import { type AgentSettings, agentOf, faultsOfAgent, faultsOfHandOver, faultsOfKey } from './agent.dto.js';
import { type BotKind, KINDS, rulesOf } from './bot-kinds.js';
import { type BotChangeDto, callbackIn, type NewBotDto } from './bot.dto.js';
import type { NewBot } from './bots.service.js';
import type { OpenBot } from './known-bots.js';
import { faultsOfTaking, takingOf, type Terms } from './taking.js';

/** @throws AppError `REQUEST_INVALID` for fields that are wrong together. */
export function toNewBot(dto: NewBotDto, terms: Terms): NewBot {
  const { name, openKfIds, kind, corpId, api = 'manager' } = dto;
  const { takesCallbacks: hasCallback, hasUrl, isOnlyStreamed, isAsked } = KINDS[kind];
  const { takesCallbacks } = rulesOf(dto);
  const missing = Object.entries({ name, openKfIds })
    .filter(([, value]) => value === undefined)
    .map(([field]) => `${field} is missing`);
  if (hasUrl && hasCallback && urlIn(dto) === undefined) missing.push('callback.url is missing');
  if (!hasCallback && dto.callback !== undefined)
    missing.push('callback is for bots of kind callback or stream');
  if (isOnlyStreamed) missing.push(...faultsOfStream(dto));
  missing.push(...faultsOfUrl(urlIn(dto)));
  const made = {
    url: new Secret(''),
    callbackToken: new Secret(takesCallbacks ? randomLettersAndDigits(32) : ''),
    encodingAESKey: new Secret(takesCallbacks ? randomLettersAndDigits(43) : ''),
    corpSecret: new Secret(''),
    headers: {},
    signingSecret: makeSigningSecret(),
    agentKey: new Secret(''),
  };
  const secrets = secretsOf(dto, made);
  missing.push(...faultsOfPause(kind, dto));
  const taking = takingOf(dto, isAsked ? ASKED : TAKES_EVENTS, terms);
  const agent = isAsked ? agentOf(dto.agent ?? {}, null) : null;
  const callback = hasCallback
    ? callbackOf(dto, { receiveId: corpId, timeoutMs: BOT_TIMEOUT_MS.default, form: 'wecom' })
    : null;
  const asked = { kind, api, takes: taking.takes, callback };
  refuse([
    ...missing,
    ...faultsOfForm(dto, asked, secrets),
    ...faultsOfTaking(dto, asked, secrets, null, terms),
    ...(isAsked && dto.agent?.form === undefined ? ['agent.form is missing'] : []),
    ...faultsOfService(dto, agent, taking, secrets),
  ]);
  return {
    ...{ name: '', openKfIds: [], kind, corpId, api },
    ...sameIn(dto),
    ...taking,
    callback,
    agent,
    secrets: toSecretsText(secrets),
  };
}

/** An agent takes messages, of several customers at a time. */
const ASKED: BotTaking = { ...TAKES_EVENTS, takes: 'message', order: 'customer' };

/** @throws AppError `REQUEST_INVALID` for a change that the bot cannot have. */
export function toBotChange(dto: BotChangeDto, bot: OpenBot, terms: Terms): Partial<NewBot> {
  const { api = bot.api } = dto;
  const { isOnlyStreamed } = KINDS[bot.kind];
  if (dto.callback !== undefined && bot.callback === null)
    throw new AppError('REQUEST_INVALID', { detail: 'callback is for bots of kind callback or stream' });
  const taking = takingOf(dto, bot, terms);
  const callback = bot.callback && callbackOf(dto, bot.callback);
  const agent = bot.agent ? agentOf(dto.agent ?? {}, bot.agent) : null;
  const asked = { kind: bot.kind, api, takes: taking.takes, callback };
  const secrets = secretsOf(dto, signingFor(taking, withKeysOf(asked, bot.opened)));
  refuse([
    ...(isOnlyStreamed ? faultsOfStream(dto) : []),
    ...faultsOfPause(bot.kind, dto),
    ...faultsOfUrl(newUrlIn(dto, bot.opened)),
    ...faultsOfForm(dto, asked, secrets),
    ...faultsOfTaking(dto, asked, secrets, bot, terms),
    ...faultsOfService(dto, agent, taking, secrets),
    ...faultsOfKey(dto.agent ?? {}, bot.agent ?? null),
  ]);
  return {
    ...sameIn(dto),
    ...taking,
    callback,
    agent,
    secrets: toSecretsText(secrets),
  };
}

/** The fields that are stored as they were sent. */
function sameIn(dto: BotChangeDto) {
  const {
    callback: _1,
    corpSecret: _2,
    takes: _3,
    order: _4,
    include: _5,
    since: _6,
    session: _7,
    agent: _8,
    ...same
  } = dto;
  return same;
}

/** @param agent `null` for a bot of another kind. */
function faultsOfService(
  dto: BotChangeDto,
  agent: AgentSettings | null,
  { takes, order, session }: BotTaking,
  { agentKey }: BotSecrets,
): string[] {
  if (agent === null) return dto.agent === undefined ? [] : ['agent is for bots of kind agent'];
  return [
    ...faultsOfAgent(agent, agentKey),
    // A bot may be stored from before this rule. It can be paused and renamed all the same.
    ...(dto.session !== undefined || dto.agent?.handOverMark !== undefined
      ? faultsOfHandOver(agent, session)
      : []),
    ...(takes === 'event'
      ? ['takes must be message for kind agent, whose service is asked about messages']
      : []),
    ...(takes === 'message' && order === 'account'
      ? ['order must be customer for kind agent: an answer may take long, and holds up its customer alone']
      : []),
  ];
}

function faultsOfStream(dto: BotChangeDto): string[] {
  const { url, headers, form } = callbackIn(dto);
  const given = Object.entries({ url, headers, form: form === 'json' ? form : undefined }).filter(
    ([, value]) => value !== undefined,
  );
  return given.map(([field]) => `callback.${field} is for bots of kind callback: a stream needs none`);
}

/** Fields that are missing for the form of the bot, or belong to the other form. */
function faultsOfForm(
  dto: BotChangeDto,
  { takes, callback }: Pick<Bot, 'takes' | 'callback'>,
  { callbackToken, encodingAESKey }: BotSecrets,
): string[] {
  if (callback === null) return [];
  if (callback.form !== 'json') {
    const has = [callbackToken, encodingAESKey].every((secret) => secret.reveal() !== '');
    return has ? [] : ['callback.token and callback.encodingAESKey are missing, which form wecom needs'];
  }
  const { token, encodingAESKey: key, receiveId } = callbackIn(dto);
  const given = Object.entries({ token, encodingAESKey: key, receiveId });
  const ofWecom = given.filter(([, value]) => value !== undefined);
  return [
    ...(takes === 'message'
      ? []
      : ['callback.form must be wecom for a bot that takes events; for json set takes to message']),
    ...ofWecom.map(
      ([field]) => `callback.${field} is for form wecom: json is signed with the bot's signing secret`,
    ),
  ];
}

/** A bot that gets JSON has no callback keys. */
function withKeysOf(bot: Pick<Bot, 'kind' | 'callback'>, secrets: BotSecrets): BotSecrets {
  if (rulesOf(bot).takesCallbacks) return secrets;
  return { ...secrets, callbackToken: new Secret(''), encodingAESKey: new Secret('') };
}

/** A bot without a program is sent nothing, so nothing can wait for it. */
function faultsOfPause(kind: BotKind, { paused }: BotChangeDto): string[] {
  const isFault = paused === true && !KINDS[kind].hasProgram;
  return isFault ? ['paused must be false for kind none, whose events go to nobody'] : [];
}

/** Answers show `***` instead of a query. A URL that is sent back like that would reach the program without its query. */
function faultsOfUrl(url: string | undefined): string[] {
  if (url === undefined || !isShownUrl(url)) return [];
  return [
    'callback.url must have its own query in place of ***, which only stands for a query that is not shown',
  ];
}

/** A bot that was stored before there were signing secrets gets one when it begins to take messages. */
function signingFor({ takes }: BotTaking, secrets: BotSecrets): BotSecrets {
  const lacksIt = takes === 'message' && secrets.signingSecret.reveal() === '';
  return lacksIt ? { ...secrets, signingSecret: makeSigningSecret() } : secrets;
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AppError('REQUEST_INVALID', { detail: faults.join('; ') });
}

/** The URL in the body; `undefined` when it is left out. */
export function urlIn(dto: BotChangeDto): string | undefined {
  return callbackIn(dto).url;
}

/** The URL in the body, if it is a new one. `undefined` when it is left out, or is the bot's present URL as answers show it. */
export function newUrlIn(dto: BotChangeDto, { url }: Pick<BotSecrets, 'url'>): string | undefined {
  const [given, before] = [urlIn(dto), readCallbackUrl(url.reveal())];
  return 'must' in before || given !== shownUrl(before) ? given : undefined;
}

function callbackOf(dto: BotChangeDto, before: BotCallback): BotCallback {
  const { receiveId = before.receiveId, timeoutMs = before.timeoutMs } = callbackIn(dto);
  const { form = before.form ?? 'wecom' } = callbackIn(dto);
  return { receiveId, timeoutMs, form };
}

function secretsOf(dto: BotChangeDto, before: BotSecrets): BotSecrets {
  const { corpSecret } = dto;
  const { token, encodingAESKey, headers } = callbackIn(dto);
  const url = newUrlIn(dto, before);
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name, new Secret(value)] as const);
  return {
    url: url === undefined ? before.url : new Secret(url),
    callbackToken: token === undefined ? before.callbackToken : new Secret(token),
    encodingAESKey: encodingAESKey === undefined ? before.encodingAESKey : new Secret(encodingAESKey),
    corpSecret: corpSecret === undefined ? before.corpSecret : new Secret(corpSecret),
    headers: headers === undefined ? before.headers : Object.fromEntries(given),
    signingSecret: before.signingSecret,
    agentKey: dto.agent?.key === undefined ? before.agentKey : new Secret(dto.agent.key),
  };
}
