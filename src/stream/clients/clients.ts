import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';
import { listedIn, takesAllOthers } from '../../registry/bots/bot.js';
import {
  ALL,
  ConnectedBots,
  type BotConnection,
  type ConnectionWatch,
  type KnownConnection,
  type MovedAccount,
} from '../../registry/bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../../registry/bots/known-bots.js';
import type { AccountRole } from '../protocol/frames.js';
import { type Admitted, Client, type ClientEnd, type Wire } from './client.js';

/** How late it may be noticed that a key does not count any more. */
const CHECK_MS = 5_000;
const ENDS: readonly ClientEnd[] = ['drain', 'replaced', 'auth', 'slow', 'lost', 'silent', 'invalid'];

/** The clients of bots that are connected to this process. */
@Injectable()
export class Clients implements ConnectionWatch {
  readonly #clients = new Map<string, Client>();
  readonly #ended: Readonly<Record<ClientEnd, Count>>;

  constructor(
    private readonly connected: ConnectedBots,
    private readonly bots: KnownBots,
    metrics: Metrics,
    private readonly clock: Clock,
  ) {
    connected.watch(this);
    metrics.reads('wxkf_stream_clients', () => only(this.#clients.size));
    const ended = metrics.counter('wxkf_stream_ended_total');
    this.#ended = byValue(ENDS, (why) => ended({ why }));
    this.#checkLater();
  }

  find(id: string): Client | null {
    return this.#clients.get(id) ?? null;
  }

  list(): readonly Client[] {
    return [...this.#clients.values()];
  }

  /** @returns `null` where the client has connected once more meanwhile. */
  add(admitted: Admitted, wire: Wire): Client | null {
    const client = new Client(admitted, wire, this.clock, (gone, why) => this.#lost(gone, why));
    // Before others hear of it: whoever is told that it is active may have something for it.
    this.#clients.set(client.id, client);
    if (this.connected.add(admitted.connection) !== null) return client;
    this.#clients.delete(client.id);
    return null;
  }

  /** Of each account that the client asked for; of all others of the corp as `*`. */
  rolesOf({ id, botId, openKfIds }: BotConnection): readonly AccountRole[] {
    const bot = this.bots.find(botId);
    const accounts = openKfIds ?? (bot === null ? [] : accountsOf(bot));
    return accounts.map((openKfId) => ({
      openKfId,
      role: this.connected.activeOf(botId, openKfId)?.id === id ? 'active' : 'standby',
    }));
  }

  #lost({ id }: Client, why: ClientEnd): void {
    this.#clients.delete(id);
    this.connected.remove(id);
    this.#ended[why].add();
  }

  /** Accounts that no connection names go by the bot's list. */
  moved({ botId, openKfId, from, to }: MovedAccount): void {
    const losing = from === null ? undefined : this.#clients.get(from.id);
    const gaining = to === null ? undefined : this.#clients.get(to.id);
    if (losing === undefined && gaining === undefined) return;
    const bot = this.bots.find(botId);
    const accounts = openKfId === ALL && bot !== null ? accountsOf(bot) : [openKfId];
    for (const one of accounts) {
      // One that a connection names goes by that.
      if (this.connected.activeOf(botId, one)?.id !== to?.id) continue;
      losing?.tellRole({ openKfId: one, role: 'standby' });
      gaining?.tellRole({ openKfId: one, role: 'active' });
    }
  }

  replaced({ id }: KnownConnection): void {
    const client = this.#clients.get(id);
    client?.goAway('replaced', 0);
    client?.end('replaced');
  }

  #checkLater(): void {
    this.clock.after(CHECK_MS, () => {
      for (const client of this.#clients.values()) {
        if (client.admitted.isStillAllowed()) continue;
        client.goAway('auth', 0);
        client.end('auth');
      }
      this.#checkLater();
    });
  }
}

/** Those that the bot lists; `*` where it takes all others of its corp. */
export function accountsOf(bot: KnownBot): readonly string[] {
  return takesAllOthers(bot) ? [ALL] : listedIn(bot);
}
