import { toAddressKey } from '../../http/address.js';
import type { Caller } from '../../kernel/role.js';

/**
 * The caller of a token request, for counting failures: the role of its secret, and its address (of IPv6 the
 * /64).
 * @param role `null` when no secrets are required: everybody then counts as a puppet, as at a registration.
 */
export function toTokenCaller(role: Caller | null, address: string | undefined): string {
  return `${role ?? 'puppet'} ${toAddressKey(address)}`;
}
