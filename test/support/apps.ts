/** Apps as the domain knows them; over the wire they are added with `addApp`. */
import { Secret } from '../../src/kernel/secret.js';
import { type App, appIdOf } from '../../src/registry/apps/app.js';

/** @param fields `id` comes of the others. */
export function storedApp(fields: Partial<Omit<App, 'id'>> = {}): App {
  const app = {
    corpId: 'wwCorp_1',
    name: '客服应用',
    callbackToken: new Secret('callbackToken1'),
    encodingAESKey: new Secret('jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'),
    receiveIds: ['wwProvider', ''],
    createdAtMs: Date.UTC(2026, 0, 2),
    verifiedAtMs: null,
    ...fields,
  };
  return { ...app, id: appIdOf(app) };
}

/** Secrets in the clear, so that a wrong one shows in a comparison. */
export function revealedApp(app: App) {
  const { callbackToken, encodingAESKey } = app;
  return { ...app, callbackToken: callbackToken.reveal(), encodingAESKey: encodingAESKey.reveal() };
}
