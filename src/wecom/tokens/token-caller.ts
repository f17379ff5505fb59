import { toAddressKey } from '../../http/address.js';
import type { Caller } from '../../kernel/role.js';

/**
 * Whoever asks for a token, as failed questions are counted: by the role of the secret that passed the gate, and by
 * address, of IPv6 the /64.
 * @param role `null` where no secrets are asked for: everybody counts as a puppet then, as who registers does.
 */
export function toTokenCaller(role: Caller | null, address: string | undefined): string {
  return `${role ?? 'puppet'} ${toAddressKey(address)}`;
}
