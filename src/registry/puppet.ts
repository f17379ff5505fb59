import type { Secret } from '../kernel/secret.js';

/** The bot process registered for one kf account. */
export interface Puppet {
  readonly openKfId: string;
  readonly name: string;
  /**
   * http(s) URL, perhaps with a path. `''`, like the keys below, only where another version left a
   * record without one: such a puppet is known and cannot be used.
   */
  readonly endpoint: string;
  readonly corpId: string;
  readonly corpSecret: Secret;
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
  /** False after a goodbye. */
  readonly online: boolean;
  /** The last hello or goodbye, epoch milliseconds; `null` where it was never recorded. */
  readonly lastOnlineAtMs: number | null;
}

/** What a puppet says of itself when it registers. */
export type Registration = Omit<Puppet, 'online' | 'lastOnlineAtMs'>;

/** Whether both say the same, so that nothing derived from one has to be made again for the other. */
export function isSamePuppet(a: Puppet, b: Puppet): boolean {
  return (
    a.endpoint === b.endpoint &&
    a.online === b.online &&
    a.lastOnlineAtMs === b.lastOnlineAtMs &&
    a.name === b.name &&
    a.corpId === b.corpId &&
    a.corpSecret.equals(b.corpSecret) &&
    a.callbackToken.equals(b.callbackToken) &&
    a.encodingAESKey.equals(b.encodingAESKey)
  );
}
