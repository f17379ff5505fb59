import { Secret } from '../src/kernel/secret.js';
import { EmbeddedPuppetRepository } from '../src/storage/embedded/embedded-puppet.repository.js';
import { EmbeddedStore } from '../src/storage/embedded/embedded-store.js';
import { newApp, newOpenKfId } from '../test/support/wecom.js';

const WRITES_AT_ONCE = 1_000;

/** Writes that many registrations, a thousand of each corp, into an embedded store that nobody has open. */
export async function fillRegistry(dataDir: string, puppets: number): Promise<void> {
  const store = await EmbeddedStore.open({ dataDir });
  const repository = new EmbeddedPuppetRepository(store);
  for (let done = 0; done < puppets; done += WRITES_AT_ONCE) {
    const app = newApp();
    const keys = { callbackToken: new Secret(app.token), encodingAESKey: new Secret(app.encodingAESKey) };
    const writes = Array.from({ length: WRITES_AT_ONCE }, (_, n) =>
      repository.save(
        {
          ...keys,
          openKfId: newOpenKfId(),
          name: `客服 ${done + n}`,
          endpoint: `http://puppet-${done + n}.bots.svc.cluster.local:8080`,
          corpId: app.corpId,
          corpSecret: new Secret(app.encodingAESKey),
          acceptedSecretId: null,
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
