import { toAddressKey } from '../../http/request/address.js';
import type { CallingBot } from '../../http/access/bot-keys.js';
import type { Caller } from '../../kernel/role.js';

/**
 * The caller of a token request, under which failures are counted: the role of its secret, and its address. For IPv6 that is the
 * /64 network.
 * @param role `null` when no secrets are required. Every caller then counts as a puppet, as in a registration.
 * @param bot the bot whose key was sent. Its failures are counted for the bot.
 */
export function toTokenCaller(
  role: Caller | null,
  address: string | undefined,
  bot: CallingBot | null = null,
): string {
  return `${bot === null ? (role ?? 'puppet') : `bot ${bot.id}`} ${toAddressKey(address)}`;
}
