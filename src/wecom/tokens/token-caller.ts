import { toAddressKey } from '../../http/request/address.js';
import type { CallingBot } from '../../http/access/bot-keys.js';
import type { Caller } from '../../kernel/role.js';

/**
 * The caller of a token request, for counting failures: the role of its secret, and its address (of IPv6 the
 * /64).
 * @param role `null` when no secrets are required: everybody then counts as a puppet, as at a registration.
 * @param bot whose key was sent: it counts for itself.
 */
export function toTokenCaller(
  role: Caller | null,
  address: string | undefined,
  bot: CallingBot | null = null,
): string {
  return `${bot === null ? (role ?? 'puppet') : `bot ${bot.id}`} ${toAddressKey(address)}`;
}
