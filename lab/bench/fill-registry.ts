import { pino } from 'pino';
import { Secret } from '../../src/kernel/secret.js';
import { Sealer } from '../../src/crypto/sealer.js';
import { PuppetSecrets } from '../../src/storage/puppets/puppet-secrets.js';
import { SqlitePuppetRepository } from '../../src/storage/sqlite/puppets.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { newApp, newOpenKfId } from '../../test/support/wecom.js';
import { CONTENTS } from '../../src/store-contents.js';

const WRITES_AT_ONCE = 1_000;

/** Writes that many registrations into an embedded store that nobody has open; a thousand share their app. */
export async function fillRegistry(dataDir: string, puppets: number): Promise<void> {
  const store = await SqliteStore.open({ dataDir }, CONTENTS);
  const secrets = new PuppetSecrets(new Sealer([]), pino({ level: 'silent' }));
  const repository = new SqlitePuppetRepository(store, secrets);
  for (let done = 0; done < puppets; done += WRITES_AT_ONCE) {
    const { corpId, token, encodingAESKey } = newApp();
    const corpSecret = new Secret(encodingAESKey);
    const writes = Array.from({ length: Math.min(WRITES_AT_ONCE, puppets - done) }, (_, n) =>
      repository.save(
        {
          openKfId: newOpenKfId(),
          name: `客服 ${done + n}`,
          endpoint: `http://puppet-${done + n}.bots.svc.cluster.local:8080`,
          corpId,
          corpSecret,
          callbackToken: new Secret(token),
          encodingAESKey: new Secret(encodingAESKey),
          acceptedSecretId: null,
          botId: '',
          from: '10.0.0.1',
        },
        Date.now(),
        () => true,
      ),
    );
    await Promise.all(writes);
  }
  await store.onApplicationShutdown();
}
