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
import { type AdmittedClient, Client, type ClientEnd, type Wire } from './client.js';

/** How often the keys of connected clients are checked. */
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

  /** @returns `null` when the client has connected again meanwhile. */
  add(admitted: AdmittedClient, wire: Wire): Client | null {
    const client = new Client(admitted, wire, this.clock, (gone, why) => this.#lost(gone, why));
    // Listed before `connected.add`: that tells others that the client is active, and they may send events at once.
    this.#clients.set(client.id, client);
    if (this.connected.add(admitted.connection) !== null) return client;
    this.#clients.delete(client.id);
    return null;
  }

  /** The client's role for each account that it asked for. `*` stands for all other accounts of the corp. */
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

  /** Tells clients their new roles. `ALL` stands for the accounts of the bot that no connection names. */
  moved({ botId, openKfId, from, to }: MovedAccount): void {
    const losing = from === null ? undefined : this.#clients.get(from.id);
    const gaining = to === null ? undefined : this.#clients.get(to.id);
    if (losing === undefined && gaining === undefined) return;
    const bot = this.bots.find(botId);
    const accounts = openKfId === ALL && bot !== null ? accountsOf(bot) : [openKfId];
    for (const one of accounts) {
      // A connection names this account, so it has not moved with the others.
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

/** The accounts that the bot lists; `*` when it takes all others of its corp. */
export function accountsOf(bot: KnownBot): readonly string[] {
  return takesAllOthers(bot) ? [ALL] : listedIn(bot);
}
