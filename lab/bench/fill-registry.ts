import { pino } from 'pino';
import { Secret } from '../../src/kernel/secret.js';
import { secretIdOf } from '../../src/kernel/secret-id.js';
import { Sealer } from '../../src/crypto/sealer.js';
import { PuppetSecrets } from '../../src/storage/puppets/puppet-secrets.js';
import { SqlitePuppetRepository } from '../../src/storage/sqlite/puppets.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { newApp, newOpenKfId, type WecomApp } from '../../test/support/wecom.js';
import { CONTENTS } from '../../src/store-contents.js';

const WRITES_AT_ONCE = 1_000;

/** What a thousand registrations have in common: all but the account; or the corp alone; or nothing. */
export type Sharing = 'keys' | 'corp' | 'nothing';

/**
 * Writes that many registrations into an embedded store that nobody has open.
 * @returns the distinct apps among them; WeCom has accepted the secrets of those that have no keys in common.
 */
export async function fillRegistry(
  dataDir: string,
  puppets: number,
  sharing: Sharing = 'keys',
): Promise<{ apps: WecomApp[] }> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  const secrets = new PuppetSecrets(new Sealer([]), pino({ level: 'silent' }));
  const repository = new SqlitePuppetRepository(store, secrets);
  const apps: WecomApp[] = [];
  for (let done = 0; done < puppets; done += WRITES_AT_ONCE) {
    const first = newApp();
    const count = Math.min(WRITES_AT_ONCE, puppets - done);
    const appAt = {
      keys: () => first,
      corp: () => newApp(first.corpId),
      nothing: () => newApp(),
    }[sharing];
    const ofPuppets = Array.from({ length: count }, appAt);
    apps.push(...new Set(ofPuppets));
    const writes = ofPuppets.map(({ corpId, token, encodingAESKey }, n) => {
      const corpSecret = new Secret(encodingAESKey);
      return repository.save(
        {
          openKfId: newOpenKfId(),
          name: `客服 ${done + n}`,
          endpoint: `http://puppet-${done + n}.bots.svc.cluster.local:8080`,
          corpId,
          corpSecret,
          callbackToken: new Secret(token),
          encodingAESKey: new Secret(encodingAESKey),
          acceptedSecretId: sharing === 'keys' ? null : secretIdOf(corpId, corpSecret),
          botId: '',
          from: '10.0.0.1',
        },
        Date.now(),
        () => true,
      );
    });
    await Promise.all(writes);
  }
  await store.onApplicationShutdown();
  return { apps };
}
