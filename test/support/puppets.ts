/** Puppets as the domain knows them; over the wire they introduce themselves with `registrationOf`. */
import { Secret } from '../../src/kernel/secret.js';
import type { Puppet, Registration } from '../../src/storage/puppets/puppet.js';
import type { PuppetRepository } from '../../src/storage/puppets/puppet.repository.js';

export function registration(fields: Partial<Registration> = {}): Registration {
  return {
    openKfId: 'wkAccount-1',
    name: '客服一号',
    endpoint: 'http://puppet:8080/bot-7',
    corpId: 'wwCorp_1',
    corpSecret: new Secret('corp-secret'),
    callbackToken: new Secret('callbackToken1'),
    encodingAESKey: new Secret('jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'),
    acceptedSecretId: null,
    botId: '',
    from: '10.0.0.1',
    ...fields,
  };
}

/** Where its account's events go, as a delivery records it. */
export function destinationOf({ corpId, openKfId, endpoint }: Puppet) {
  return { corpId, openKfId, address: endpoint, bot: null, isPulled: false };
}

export function registeredPuppet(fields: Partial<Puppet> = {}): Puppet {
  return {
    ...registration(),
    online: true,
    goodbyeDoubted: false,
    lastOnlineAtMs: null,
    replacedFrom: [],
    answered: true,
    ...fields,
  };
}

/** Secrets in the clear, so that a wrong one shows in a comparison. */
export function revealed(puppet: Puppet | null) {
  if (puppet === null) return null;
  return {
    ...puppet,
    corpSecret: puppet.corpSecret.reveal(),
    callbackToken: puppet.callbackToken.reveal(),
    encodingAESKey: puppet.encodingAESKey.reveal(),
  };
}

/** Saves as where nothing stands against it. */
export async function saved(
  repository: PuppetRepository,
  fields: Partial<Registration> = {},
  nowMs = 0,
): Promise<Puppet> {
  const puppet = await repository.save(registration(fields), nowMs, () => true);
  if (puppet === null) throw new Error('it was not saved');
  return puppet;
}
