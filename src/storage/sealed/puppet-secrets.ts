import { type Identity, isSealed, type Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { Puppet } from '../../registry/puppet.js';

/** The secrets of a registration, by the name under which they are sealed. */
export const PUPPET_SECRETS = ['corpSecret', 'callbackToken', 'encodingAESKey'] as const;

export type PuppetSecret = (typeof PUPPET_SECRETS)[number];

export type Owner = Pick<Puppet, 'openKfId' | 'corpId'>;

type WithSecrets = Owner & Pick<Puppet, PuppetSecret>;

/** A sealed secret opens in the record of its kf account, while that is its corp's, and in its own field. */
export function identityOf({ openKfId, corpId }: Owner, field: PuppetSecret): Identity {
  return ['puppet', openKfId, corpId, field];
}

export function sealPuppet<T extends WithSecrets>(puppet: T, sealer: Sealer): T {
  if (!sealer.hasKeys) return puppet;
  return withEach(puppet, (text, field) => sealer.seal(text, identityOf(puppet, field)));
}

/** Plain secrets, as an earlier run has left them, are taken as they are. @throws SealError */
export function openPuppet(puppet: Puppet, sealer: Sealer): Puppet {
  if (!PUPPET_SECRETS.some((field) => isSealed(puppet[field].reveal()))) return puppet;
  return withEach(puppet, (text, field) => sealer.open(text, identityOf(puppet, field)));
}

/** Known, and cannot be used. */
export function withoutSecrets(puppet: Puppet): Puppet {
  return withEach(puppet, () => '');
}

function withEach<T extends WithSecrets>(
  puppet: T,
  change: (text: string, field: PuppetSecret) => string,
): T {
  const changed = (field: PuppetSecret) => new Secret(change(puppet[field].reveal(), field));
  return {
    ...puppet,
    corpSecret: changed('corpSecret'),
    callbackToken: changed('callbackToken'),
    encodingAESKey: changed('encodingAESKey'),
  };
}
