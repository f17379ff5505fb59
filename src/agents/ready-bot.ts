import type { AgentSettings } from '../registry/bots/agent.dto.js';
import type { KnownBot, OpenBot } from '../registry/bots/known-bots.js';
import type { CallbackUrl } from '../registry/endpoint/endpoint.js';

/** A bot of kind agent whose service can be asked. */
export interface ReadyBot extends OpenBot {
  readonly agent: AgentSettings;
  readonly endpoint: CallbackUrl;
}

export function isReady(bot: KnownBot): bot is ReadyBot {
  return bot.opened !== null && bot.agent != null && !('must' in bot.endpoint);
}
