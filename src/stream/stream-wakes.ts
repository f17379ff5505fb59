import { Injectable } from '@nestjs/common';
import { KeptWake } from '../dispatch/answer/kept-wake.js';
import { Circuits } from '../dispatch/endpoint/circuit.js';
import { WaitingHints } from '../dispatch/outbox/waiting-hints.js';
import { KINDS } from '../registry/bots/bot-kinds.js';
import { listedIn, takesAllOthers } from '../registry/bots/bot.js';
import {
  ALL,
  ConnectedBots,
  type ConnectionWatch,
  type KnownConnection,
  type MovedAccount,
} from '../registry/bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { Destinations } from '../registry/accounts/destination.js';
import { streamEndpointOf } from '../registry/endpoint/endpoint.js';
import { OwnReplica } from './replicas/own-replica.js';
import type { Addressee } from '../kernel/account.js';

/** Many clients come at once when another replica ends, and events go on coming in meanwhile. */
const WAKES_AT_ONCE = 8;

/** Has what waits follow the connections of bots. What this misses the patrols find. */
@Injectable()
export class StreamWakes implements ConnectionWatch {
  /** What is to be made due. */
  readonly #due = new Map<string, () => Promise<void>>();
  #waking = 0;
  #looksForKept = false;

  constructor(
    connected: ConnectedBots,
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly waiting: WaitingHints,
    private readonly kept: KeptWake,
    private readonly circuits: Circuits,
    private readonly own: OwnReplica,
  ) {
    connected.watch(this);
  }

  /** What was tried before says nothing. What waits for a bot of all accounts is known by where it waits alone. */
  came(connection: KnownConnection): void {
    const bot = this.bots.find(connection.botId);
    const isByPlace = bot !== null && takesAllOthers(bot) && this.#isOwn(connection);
    for (const href of [connection.endpoint.href, streamEndpointOf(connection.botId, '').href]) {
      this.circuits.close(href);
      if (isByPlace) this.#soon(href, () => this.waiting.recovered(href));
    }
  }

  /** Clients name themselves as they like: nothing is remembered of one that has gone. */
  left({ endpoint }: KnownConnection): void {
    this.circuits.close(endpoint.href);
  }

  /** The replica that has the connection wakes what waits; where there is none any more, that which had it. */
  moved({ botId, openKfId, from, to }: MovedAccount): void {
    const bot = this.bots.find(botId);
    if (bot === null) return;
    if (!this.#isOwn(to ?? from)) {
      if (to !== null) this.#wakeKept(bot, openKfId);
      return;
    }
    // What waits for a client waits where it is; only a URL takes it without one.
    if (to === null && !KINDS[bot.kind].hasUrl) return;
    if (openKfId === ALL && takesAllOthers(bot) && bot.takes === 'message') this.waiting.someAreThere();
    for (const one of openKfId === ALL ? listedIn(bot) : [openKfId]) this.#wake(bot, one);
  }

  /** What was kept here, before the other replica's client was known. */
  #wakeKept({ corpId }: KnownBot, openKfId: string): void {
    if (openKfId === ALL) return this.#wakeAllKept();
    const kept = this.kept.take({ corpId, openKfId });
    if (kept !== null) this.#wakeSoon(kept);
  }

  /** Once for all clients of a turn. */
  #wakeAllKept(): void {
    if (this.#looksForKept) return;
    this.#looksForKept = true;
    setImmediate(() => {
      this.#looksForKept = false;
      for (const kept of this.kept.takeAll()) this.#wakeSoon(kept);
    });
  }

  /** Messages of a bot that was not there wait for nobody, and hints may wait elsewhere. */
  #wake({ corpId, takes }: KnownBot, openKfId: string): void {
    const account = { corpId, openKfId };
    if (takes === 'message') this.waiting.registered(account);
    else {
      this.kept.take(account);
      this.#wakeSoon(account);
    }
  }

  #wakeSoon({ corpId, openKfId }: Addressee): void {
    const wake = () => this.waiting.wake(this.destinations.find({ corpId, openKfId }));
    this.#soon(`${corpId} ${openKfId}`, wake);
  }

  /** The same once. */
  #soon(what: string, wake: () => Promise<void>): void {
    this.#due.set(what, wake);
    if (this.#waking < WAKES_AT_ONCE) void this.#wakeDue();
  }

  async #wakeDue(): Promise<void> {
    this.#waking++;
    for (const [what, wake] of this.#due) {
      this.#due.delete(what);
      try {
        await wake();
      } catch {
        // The patrols find it.
      }
    }
    this.#waking--;
  }

  #isOwn(connection: KnownConnection | null): boolean {
    return connection?.replicaId === this.own.id;
  }
}
