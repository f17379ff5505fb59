/** A bot as the body of a request: what goes out of it, and the whole with its secrets. */
import { knownFieldsOf } from '../../http/answers/validation.js';
import { toAgentBody } from './agent.dto.js';
import { type Bot, type Open, takesCallbacks } from './bot.js';
import { INCLUDED } from './bot-values.js';
import { type BotCallbackDto, BotDto, type NewBotDto } from './bot.dto.js';
import { readSession } from './session.dto.js';

/** The fields of a bot as they go out: those of `BotDto` alone, so that no secret is shown by accident. */
export function toBotDto(bot: Bot): BotDto {
  const since = bot.takesMessagesSinceMs;
  return {
    ...knownFieldsOf(BotDto, bot),
    session: bot.session && readSession(bot.session),
    include: bot.includesServicer ? [...INCLUDED] : [],
    since: since === null ? null : new Date(since).toISOString(),
  };
}

/** The whole bot as the body of a request, with its secrets in the clear. */
export function toBody(bot: Open<Bot>): NewBotDto {
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

function toCallbackBody(bot: Extract<Open<Bot>, { callback: object }>): BotCallbackDto {
  const { receiveId, ...same } = bot.callback;
  const { callbackToken, encodingAESKey } = bot.secrets;
  const sealed = { receiveId, token: callbackToken.reveal(), encodingAESKey: encodingAESKey.reveal() };
  const called = { ...same, ...(takesCallbacks(bot) && sealed) };
  if (bot.kind === 'stream') return called;
  const { url, headers } = bot.secrets;
  const values = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return { ...called, url: url.reveal(), headers: Object.fromEntries(values) };
}
