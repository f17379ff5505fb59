import type { Identity, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { Bot } from '../../registry/bots/bot.js';

export type BotOwner = Pick<Bot, 'id' | 'corpId'>;

/** The sealed secrets of a bot open in its record, while that is its corp's. */
export function botIdentityOf({ id, corpId }: BotOwner): Identity {
  return ['bot', id, corpId, 'secrets'];
}

export function sealBot(bot: Bot, sealer: Sealer): Bot {
  return { ...bot, secrets: new Secret(sealer.seal(bot.secrets.reveal(), botIdentityOf(bot))) };
}

/** Plain secrets, as an earlier run has left them, are taken as they are. @throws SealError */
export function openBot(bot: Bot, sealer: Sealer): Bot {
  return { ...bot, secrets: new Secret(sealer.open(bot.secrets.reveal(), botIdentityOf(bot))) };
}
