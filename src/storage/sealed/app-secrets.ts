import { type Identity, type Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { App } from '../../registry/apps/app.js';

/** The secrets of an app, by the name under which they are sealed. */
export const APP_SECRETS = ['callbackToken', 'encodingAESKey'] as const;

export type AppSecret = (typeof APP_SECRETS)[number];

export type AppOwner = Pick<App, 'id' | 'corpId'>;

/** A sealed secret opens in the record of its app, while that is its corp's, and in its own field. */
export function appIdentityOf({ id, corpId }: AppOwner, field: AppSecret): Identity {
  return ['app', id, corpId, field];
}

export function sealApp(app: App, sealer: Sealer): App {
  return withEach(app, (text, field) => sealer.seal(text, appIdentityOf(app, field)));
}

/** Plain secrets, as an earlier run has left them, are taken as they are. @throws SealError */
export function openApp(app: App, sealer: Sealer): App {
  return withEach(app, (text, field) => sealer.open(text, appIdentityOf(app, field)));
}

/** Known, and opens nothing. */
export function withoutAppSecrets(app: App): App {
  return withEach(app, () => '');
}

function withEach(app: App, change: (text: string, field: AppSecret) => string): App {
  const changed = (field: AppSecret) => new Secret(change(app[field].reveal(), field));
  return { ...app, callbackToken: changed('callbackToken'), encodingAESKey: changed('encodingAESKey') };
}
