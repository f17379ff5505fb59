import { hash } from 'node:crypto';
import type { WecomApp } from '../../config/wecom-apps-file.js';
import type { RecordKind } from '../../storage/records/record-kind.js';
import { type KeyPair, toPairKey } from '../keys/shared-keys.js';

/** Callback credentials of one WeCom app. The operator vouches for them, so they are known before any puppet registers. */
export interface App extends WecomApp {
  /** Equal for the same keys of the same corp. So an app never gets other keys; only its other fields can change. */
  readonly id: string;
  /** Store time, epoch milliseconds; `null` for an app of WECOM_APPS_FILE. */
  readonly createdAtMs: number | null;
  /** When WeCom's verification of the callback URL was last answered with its keys; `null` for never. Store time. */
  readonly verifiedAtMs: number | null;
}

/** Far more than an operator adds by hand, and few enough for each replica to know all of them. */
export const APPS_MAX = 1_000;

/** The apps that operators added. */
export const APPS: RecordKind<App> = {
  name: 'apps',
  keyOf: ({ id }) => id,
  sealed: { at: ['callbackToken', 'encodingAESKey'], boundTo: ['corpId'] },
  isPolled: true,
};

/** The ids of apps of WECOM_APPS_FILE, which are read-only, begin with it. */
const OF_FILE = 'file-';

export function isOfFile({ id }: Pick<App, 'id'>): boolean {
  return id.startsWith(OF_FILE);
}

/** The key has 256 bits, so it cannot be found from the id by trying. */
export function appIdOf(app: Pick<App, 'corpId' | keyof KeyPair>): string {
  return hash('sha256', `app ${app.corpId} ${toPairKey(app)}`, 'base64url').slice(0, 22);
}

/** The sort key of apps. Sorted by it, the apps of a corp follow each other. */
export function appKey({ corpId, id }: Pick<App, 'corpId' | 'id'>): string {
  return `${corpId} ${id}`;
}

/** Merges apps that are listed twice into one with the receivers of both. */
export function toFileApps(listed: readonly WecomApp[]): App[] {
  const apps = new Map<string, App>();
  for (const app of listed) {
    const id = OF_FILE + appIdOf(app);
    const receiveIds = [...new Set([...(apps.get(id)?.receiveIds ?? []), ...app.receiveIds])];
    apps.set(id, { ...app, id, receiveIds, createdAtMs: null, verifiedAtMs: null });
  }
  return [...apps.values()];
}

/** False when its secrets are stored sealed and could not be opened. */
export function hasSecrets({ callbackToken, encodingAESKey }: KeyPair): boolean {
  return callbackToken.reveal() !== '' && encodingAESKey.reveal() !== '';
}

/** For `Records.change`: the app with this verification; `null` if a later one is noted already. */
export function verifiedAt(app: App, nowMs: number): App | null {
  return (app.verifiedAtMs ?? 0) >= nowMs ? null : { ...app, verifiedAtMs: nowMs };
}
