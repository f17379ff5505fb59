import type { App } from '../registry/apps/app.js';
import type { Bot } from '../registry/bots/bot.js';
import type { Puppet } from '../registry/puppet.js';

/** The result of inspecting a store without changing it. */
export interface StoreInspection {
  readonly kind: 'embedded' | 'mongodb';
  /** `new`: it is made at the first start. */
  readonly state: 'new' | 'read';
  /** How far the server's clock is ahead of this machine's, ms; `null` where there is no server. */
  readonly clockAheadMs: number | null;
}

/** Gets each app, bot and then registration as it is stored, its secrets sealed or plain. */
export interface Visitor {
  app(stored: App): void;
  bot(stored: Bot): void;
  puppet(stored: Puppet): void;
}
