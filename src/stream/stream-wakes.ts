import { Injectable } from '@nestjs/common';
import { InlineWakes } from '../dispatch/inline/wakes.js';
import { Circuits } from '../dispatch/endpoint/circuits.js';
import { WaitingHints } from '../dispatch/later/waiting-hints.js';
import { listedIn, takesAllOthers } from '../registry/bots/bot.js';
import {
  ALL,
  type ConnectionWatch,
  isHere,
  type KnownConnection,
  type MovedAccount,
} from '../registry/bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { Destinations } from '../registry/accounts/destination.js';
import { botIdOf, STREAM_ORIGIN, unconnectedEndpointOf } from '../registry/endpoint/endpoint.js';
import type { Addressee } from '../kernel/account.js';

/** A limit, since many clients come at once when another replica ends, and new events must not wait for them. */
const WAKES_AT_ONCE = 8;

/** Makes waiting events due when a bot's client connects or takes over. Patrols find any event that this misses. */
@Injectable()
export class StreamWakes implements ConnectionWatch {
  /** Functions that make waiting events due, by account or endpoint. */
  readonly #due = new Map<string, () => Promise<void>>();
  #waking = 0;
  #looksForKept = false;

  constructor(
    private readonly bots: KnownBots,
    private readonly destinations: Destinations,
    private readonly waiting: WaitingHints,
    private readonly kept: InlineWakes,
    private readonly circuits: Circuits,
  ) {}

  /**
   * Closes the circuits of the new client: earlier failures say nothing about it. For a bot with `["*"]` the accounts that wait are
   * not known one by one, so its events are found by their endpoints.
   */
  came(connection: KnownConnection): void {
    const { botId, endpoint } = connection;
    for (const { href } of [endpoint, unconnectedEndpointOf(botId)]) this.circuits.close(href);
    const bot = this.bots.find(botId);
    if (bot !== null && takesAllOthers(bot) && isHere(connection))
      this.#soon(`bot ${botId}`, () => this.#wakeStreams(botId));
  }

  /** Wakes what waits at any stream of the bot: its client may have had an earlier one at another replica. */
  async #wakeStreams(botId: string): Promise<void> {
    for (const href of await this.waiting.kept.lines.listEndpoints())
      if (href.startsWith(STREAM_ORIGIN) && botIdOf(href) === botId) await this.waiting.recovered(href);
  }

  /** Forgets the circuit of the client: clients choose their names, so circuits of old names would add up. */
  left({ endpoint }: KnownConnection): void {
    this.circuits.close(endpoint.href);
  }

  /** Only one replica wakes waiting events: the one with the new connection, or without one the replica that had the old. */
  moved({ botId, openKfId, from, to }: MovedAccount): void {
    const bot = this.bots.find(botId);
    if (bot === null) return;
    const there = to ?? from;
    if (there === null || !isHere(there)) {
      if (to !== null) this.#wakeKept(bot, openKfId);
      return;
    }
    // Without a client, events can only go to the bot's URL. If it has none, they stay.
    if (to === null && bot.kind === 'stream') return;
    if (openKfId === ALL && takesAllOthers(bot) && bot.takes === 'message') this.waiting.someAreThere();
    for (const one of openKfId === ALL ? listedIn(bot) : [openKfId]) this.#wake(bot, one);
  }

  /** Wakes events that this process kept while it did not know the client of the other replica. */
  #wakeKept({ corpId }: KnownBot, openKfId: string): void {
    if (openKfId === ALL) return this.#wakeAllKept();
    const kept = this.kept.take({ corpId, openKfId });
    if (kept !== null) this.#wakeSoon(kept);
  }

  /** Runs once for all clients that connect in the same turn of the event loop. */
  #wakeAllKept(): void {
    if (this.#looksForKept) return;
    this.#looksForKept = true;
    setImmediate(() => {
      this.#looksForKept = false;
      for (const kept of this.kept.takeAll()) this.#wakeSoon(kept);
    });
  }

  /** Hints of an absent bot may wait at another endpoint; its messages wait without one. Both are moved to the client. */
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

  /** Queues a wake. A second one with the same name replaces the first. */
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
}
