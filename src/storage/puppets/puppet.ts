import type { Secret } from '../../kernel/secret.js';

/** The bot process registered for one kf account. */
export interface Puppet {
  readonly openKfId: string;
  readonly name: string;
  /**
   * http(s) URL, perhaps with a path. `''` only when another version left a record without it; the same goes for the secrets
   * below. Such a puppet is known and cannot be used.
   */
  readonly endpoint: string;
  readonly corpId: string;
  readonly corpSecret: Secret;
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
  /**
   * `secretIdOf` the last corpSecret of this puppet that WeCom accepted; `null` where none is known. Compare it with the id of
   * `corpSecret`: a manager 1.0.3 beside us may change that secret, and leaves this field as it is.
   */
  readonly acceptedSecretId: string | null;
  /** The bot with whose key it registered; `''` for a secret of `AUTH_PUPPET_TOKEN`, or none. */
  readonly botId: string;
  /** The address that it registered from; `''` when it was not recorded. */
  readonly from: string;
  /** False after a goodbye. */
  readonly online: boolean;
  /** Whether somebody else may have said its goodbye, so that the puppet may still be there. False while it is online. */
  readonly goodbyeDoubted: boolean;
  /** The last registration or deregistration, store time, epoch milliseconds; `null` when it was not recorded. */
  readonly lastOnlineAtMs: number | null;
  /** Addresses of the account's latest registrations that this one replaced, the last one last. */
  readonly replacedFrom: readonly string[];
  /** False while the registration has no answer yet, as far as the process that stored it knows. */
  readonly answered: boolean;
}

/** What is known of a puppet when it registers. */
export type Registration = Omit<
  Puppet,
  'online' | 'goodbyeDoubted' | 'lastOnlineAtMs' | 'replacedFrom' | 'answered'
>;

/** A replaced puppet that has not said goodbye yet is among the last few. */
const REPLACED_FROM_MAX = 8;

/** The account's record after a registration at `nowMs`. @param before `null` when there was none. */
export function toRegistered(
  registration: Registration,
  before: Puppet | null,
  nowMs: number,
): Omit<Puppet, 'answered'> {
  return {
    ...registration,
    acceptedSecretId: registration.acceptedSecretId ?? before?.acceptedSecretId ?? null,
    online: true,
    goodbyeDoubted: false,
    lastOnlineAtMs: nowMs,
    replacedFrom: replacedBy(before, registration.from),
  };
}

/** The addresses that a registration from `from` replaces. */
function replacedBy(before: Pick<Puppet, 'from' | 'replacedFrom'> | null, from: string): string[] {
  if (before === null) return [];
  const addresses = [...before.replacedFrom, before.from].filter((one) => one !== '' && one !== from);
  return [...new Set(addresses)].slice(-REPLACED_FROM_MAX);
}

/** Whether both have the same values in all fields from which something is derived. */
export function isSamePuppet(a: Puppet, b: Puppet): boolean {
  return (
    a.endpoint === b.endpoint &&
    a.online === b.online &&
    a.goodbyeDoubted === b.goodbyeDoubted &&
    a.lastOnlineAtMs === b.lastOnlineAtMs &&
    a.answered === b.answered &&
    a.name === b.name &&
    a.corpId === b.corpId &&
    a.corpSecret.equals(b.corpSecret) &&
    a.callbackToken.equals(b.callbackToken) &&
    a.encodingAESKey.equals(b.encodingAESKey) &&
    a.acceptedSecretId === b.acceptedSecretId &&
    a.botId === b.botId
  );
}
