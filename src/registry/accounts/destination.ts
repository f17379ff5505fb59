import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { isOpen, takesCallbacks } from '../bots/bot.js';
import { ConnectedBots, isHere, type KnownConnection } from '../bots/connected-bots.js';
import { type KnownBot, KnownBots } from '../bots/known-bots.js';
import {
  botIdOf,
  type Endpoint,
  type EndpointFault,
  pullEndpointOf,
  STREAM_ORIGIN,
  toAddress,
  unconnectedEndpointOf,
} from '../endpoint/endpoint.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { RegistrationsUnderWay } from '../puppets/registrations-under-way.js';
import { type KnownPuppet, RegistryImage } from '../puppets/registry-image.js';
import { RegistryReads } from '../sync/registry-reads.js';
import type { CorpPair } from '../keys/shared-keys.js';
import type { Addressee } from '../../kernel/account.js';

/** How long nothing is sent to a puppet that another process registers. A process that notes no answer by then may have died. */
const HELD_BACK_MS = 5_000;
/** How long no message is sent after a goodbye: a puppet that is shutting down may lose what it takes. */
const GOODBYE_MS = 5_000;
/** Another process notes within milliseconds that it has answered a registration, so the first looks follow quickly. */
const LOOK_AGAIN_FIRST_MS = 10;

/**
 * `absent`: memory knows nobody who takes the account's events. `foreign`: another corp has registered the account, so this
 * corp's events go to nobody. `offline`: the puppet has deregistered, or no client of the stream bot is connected.
 * `registering`: the puppet's registration is not answered yet, and a delivery before the answer crashes the deployed puppet.
 * `elsewhere`: another replica has the stream of the bot's client, and claims what waits for it. `ready`: events may be sent. `paused`:
 * an operator has paused the bot, so its events wait. `unserved`: an operator said that people serve the account, so its events go to
 * nobody. `closed`, of messages: the bot's secrets cannot be opened.
 */
type DestinationState =
  | 'absent'
  | 'foreign'
  | 'offline'
  | 'elsewhere'
  | 'registering'
  | 'ready'
  | 'paused'
  | 'unserved'
  | 'closed';

/** An account whose messages a bot takes: see `Destinations.findForMessages`. */
export type MessageDestination = Destination & { readonly bot: KnownBot };

/**
 * Who takes the account's events: the registered puppet, `known`, or another bot; at most one of the two is set. Of messages: the bot,
 * and the puppet that registered with its key.
 */
interface Recipient {
  readonly known: KnownPuppet | null;
  readonly bot: KnownBot | null;
  /** The stream over which the bot gets the events; `null` while it has none. */
  readonly connection: KnownConnection | null;
}

const NOBODY: Recipient = { known: null, bot: null, connection: null };

/** Where an account's events go at this moment, or its messages. After an `await`, call `refresh`. */
export class Destination implements Addressee {
  constructor(
    readonly corpId: string,
    readonly openKfId: string,
    readonly state: DestinationState,
    private readonly recipient: Recipient,
    /** Whether memory knows neither a registration nor a bot that lists the account. The store may know one. */
    readonly isUnknown: boolean,
    private readonly destinations: Destinations,
    private readonly isOfMessages = false,
  ) {}

  /** Whether anybody takes the account's events, now or later. */
  get hasRecipient(): boolean {
    return this.recipient !== NOBODY;
  }

  /** The registered puppet; `null` when there is none, and while the first registration of the account is under way. */
  get puppet(): Puppet | null {
    return this.recipient.known?.puppet ?? null;
  }

  /** The callback or stream bot, or one that takes messages; `null` when there is none. */
  get bot(): KnownBot | null {
    return this.recipient.bot;
  }

  /** Whether the manager pulls the messages that the events announce, and gives them to a bot. */
  get isPulled(): boolean {
    return !this.isOfMessages && this.recipient.bot?.takes === 'message';
  }

  /** Whether an operator has paused the bot: its events or messages wait. The manager goes on pulling for it. */
  get isPaused(): boolean {
    return this.state === 'paused' || this.recipient.bot?.paused === true;
  }

  /** Whether the recipient gets every waiting event, and not only the newest. */
  get getsEach(): boolean {
    const { bot } = this.recipient;
    return bot !== null && bot.takes === 'event' && bot.kind === 'callback';
  }

  /** Where the events go; `null` when it cannot be used: see `fault`. */
  get endpoint(): Endpoint | null {
    const { bot } = this.recipient;
    if (bot !== null && this.isPulled) return pulledOf(bot);
    return endpointOf(bot, this.recipient.connection) ?? usable(this.#given);
  }

  /**
   * The endpoint to be shown: a puppet's as it was registered, a bot's without its query, which may be secret. `''` when
   * nobody takes the events.
   */
  get address(): string {
    return this.recipient.bot === null ? (this.puppet?.endpoint ?? '') : toAddress(this.endpoint?.href ?? '');
  }

  /** Whether the recipient is a bot whose secrets cannot be opened. They can be opened once SECRETS_KEY has their key. */
  get isClosed(): boolean {
    return this.recipient.bot?.secrets === null;
  }

  /** Why the endpoint cannot be used; `''` when it can. */
  get fault(): string {
    const { bot, known } = this.recipient;
    if (this.isClosed) return "the bot's secrets cannot be opened; see SECRETS_KEY";
    if (this.isPulled || this.endpoint !== null) return '';
    const given = this.#given;
    if (given === undefined || !('must' in given)) return '';
    return `${known === null && bot !== null ? "the bot's url" : 'the registered endpoint'} must ${given.must}`;
  }

  /** As it was registered, or given for the bot. */
  get #given(): Endpoint | EndpointFault | undefined {
    const { bot, known } = this.recipient;
    return this.isOfMessages && bot?.kind === 'puppet' ? known?.endpoint : (bot ?? known)?.endpoint;
  }

  /** Whether the recipient opens callbacks with this pair. */
  opens(pair: CorpPair): boolean {
    const { bot, known } = this.recipient;
    return bot === null ? pair === known?.pair : pair.id === bot.keysId;
  }

  /** Whether the recipient expects callbacks that are sealed for this receiver. A puppet takes those of each app of its corp. */
  isReceiver(receiveId: string): boolean {
    const { bot } = this.recipient;
    return bot === null || ('callback' in bot && receiveId === bot.callback.receiveId);
  }

  /** Identifies the keys with which the recipient opens callbacks and reveals nothing of them; `null` when it has none. */
  get keysId(): string | null {
    return this.recipient.bot?.keysId ?? this.recipient.known?.pair?.id ?? null;
  }

  refresh(): Destination {
    return (
      (this.isOfMessages ? this.destinations.findForMessages(this) : null) ?? this.destinations.find(this)
    );
  }
}

/** Finds where events go. No other class has the rules about registrations under way. */
@Injectable()
export class Destinations {
  constructor(
    private readonly image: RegistryImage,
    private readonly bots: KnownBots,
    private readonly connected: ConnectedBots,
    private readonly underWay: RegistrationsUnderWay,
    private readonly reads: RegistryReads,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * From memory. A bot that lists the account has it, even if a puppet has registered it. A bot of all other accounts has those
   * that no puppet of the corp has registered.
   */
  find({ corpId, openKfId }: Addressee): Destination {
    const listed = this.bots.findListed(corpId, openKfId);
    const known = this.image.find(openKfId);
    const isOwn = known?.puppet.corpId === corpId;
    const served = isOwn && this.#isServed(known.puppet, listed) ? known : null;
    const isForeign = known !== null && !isOwn && listed === null;
    const state = isForeign ? 'foreign' : this.#stateOf(openKfId, served?.puppet);
    const isLeftToOthers = listed === null && (state === 'absent' || state === 'foreign');
    const bot = isLeftToOthers ? this.bots.findOfOthers(corpId) : listed;
    const isUnknown = listed === null && state === 'absent';
    const pulling = bot?.takes === 'message' ? bot : this.#pullingFor(served?.puppet);
    if (pulling !== null) {
      const recipient = { known: null, bot: pulling, connection: null };
      return new Destination(corpId, openKfId, 'ready', recipient, isUnknown, this);
    }
    if (bot !== null && 'callback' in bot) {
      const connection = this.connected.activeOf(bot.id, openKfId);
      const recipient = { known: null, bot, connection };
      return new Destination(corpId, openKfId, stateOf(bot, connection), recipient, isUnknown, this);
    }
    if (bot?.kind === 'none') return new Destination(corpId, openKfId, 'unserved', NOBODY, isUnknown, this);
    if (served === null) return new Destination(corpId, openKfId, state, NOBODY, isUnknown, this);
    const isPaused = this.bots.find(served.puppet.botId)?.paused === true;
    const recipient = { known: served, bot: null, connection: null };
    return new Destination(corpId, openKfId, isPaused ? 'paused' : state, recipient, isUnknown, this);
  }

  /** Where the account's messages go at this moment; `null` when nobody takes messages. */
  findForMessages(addressee: Addressee): MessageDestination | null {
    const { bot, isPulled, isUnknown } = this.find(addressee);
    if (bot === null || !isPulled) return null;
    const { corpId, openKfId } = addressee;
    const registers = bot.kind === 'puppet';
    const known = registers ? this.#registeredOf(addressee, bot) : null;
    const connection = takesCallbacks(bot) ? this.connected.activeOf(bot.id, openKfId) : null;
    const open = registers ? this.#stateForMessages(openKfId, known?.puppet) : stateOf(bot, connection);
    const state = !isOpen(bot) ? 'closed' : bot.paused ? 'paused' : open;
    const recipient = { known, bot, connection };
    return new Destination(corpId, openKfId, state, recipient, isUnknown, this, true) as MessageDestination;
  }

  /**
   * Call it when memory knows nobody: reads the account from the store, too.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async lookUp(addressee: Addressee): Promise<Destination> {
    await this.reads.lookUpAccount(addressee.openKfId);
    return this.find(addressee);
  }

  /**
   * From the store, whatever memory knows. Call it before an event is dropped: another process may have changed the bot.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async confirm(addressee: Addressee): Promise<Destination> {
    await this.reads.confirmAccount(addressee.openKfId);
    return this.find(addressee);
  }

  /** As the store has it now, after a failed delivery; as memory has it if the store does not answer in time. */
  async reread(addressee: Addressee, limitMs: number): Promise<Destination> {
    await this.reads.reread(addressee.openKfId, limitMs);
    return this.find(addressee);
  }

  /**
   * Waits until no registration of the account is under way, here or in another process, or until `endMs`.
   * @param endMs on the clock that never jumps.
   */
  async whenRegistered(destination: Destination, endMs: number): Promise<Destination> {
    let now = destination;
    const answered = this.underWay.whenOver(now.openKfId);
    if (answered !== null) {
      if (!(await this.clock.within(endMs - this.clock.elapsedMs(), answered))) return now.refresh();
      now = now.refresh();
    }
    for (let pauseMs = LOOK_AGAIN_FIRST_MS; now.state === 'registering'; pauseMs *= 2) {
      const leftMs = endMs - this.clock.elapsedMs() - pauseMs;
      if (leftMs <= 0) break;
      await this.clock.sleep(pauseMs);
      now = await this.reread(now, leftMs);
    }
    return now;
  }

  /** Whether the registration counts. One with a bot's key counts only while the account is that bot's. */
  #isServed({ corpId, botId }: Puppet, listed: KnownBot | null): boolean {
    if (listed !== null) return botId === listed.id;
    return botId === '' || botId === this.bots.findOfOthers(corpId)?.id;
  }

  /** Whether the endpoint is an earlier one of a bot, which is gone or has another endpoint now. @param href see `Endpoint`. */
  isOfNobody(href: string): boolean {
    const id = botIdOf(href);
    if (id === null) return false;
    const bot = this.bots.find(id);
    if (bot !== null && href.startsWith(STREAM_ORIGIN)) return !takesCallbacks(bot);
    return bot === null || (usable(bot.endpoint)?.href !== href && pulledOf(bot)?.href !== href);
  }

  /** Whether another replica claims what waits at the endpoint. @param href see `Endpoint`. */
  isElsewhere(href: string): boolean {
    return this.connected.elsewhere.some((end) => href.endsWith(end));
  }

  /** The bot with whose key the puppet registered, if it takes messages. */
  #pullingFor(puppet: Puppet | undefined): KnownBot | null {
    if (puppet === undefined || puppet.botId === '') return null;
    const bot = this.bots.find(puppet.botId);
    return bot?.takes === 'message' ? bot : null;
  }

  #registeredOf({ corpId, openKfId }: Addressee, bot: KnownBot): KnownPuppet | null {
    const known = this.image.find(openKfId);
    return known?.puppet.corpId === corpId && known.puppet.botId === bot.id ? known : null;
  }

  #stateOf(openKfId: string, puppet: Puppet | undefined): 'absent' | 'offline' | 'registering' | 'ready' {
    if (this.underWay.has(openKfId)) return 'registering';
    if (puppet === undefined) return 'absent';
    if (this.#isHeldBack(puppet)) return 'registering';
    return puppet.online || puppet.goodbyeDoubted ? 'ready' : 'offline';
  }

  /**
   * A goodbye may come from a process that another one has replaced. So messages are sent again after `GOODBYE_MS`. If the puppet
   * takes one, it is marked online.
   */
  #stateForMessages(openKfId: string, puppet: Puppet | undefined): DestinationState {
    const state = this.#stateOf(openKfId, puppet);
    const isOnItsWayOut = this.storeClock.nowMs() < (puppet?.lastOnlineAtMs ?? 0) + GOODBYE_MS;
    return state === 'offline' && !isOnItsWayOut ? 'ready' : state;
  }

  /** Whether another process took the registration and may not have answered it yet. */
  #isHeldBack({ answered, lastOnlineAtMs }: Puppet): boolean {
    return !answered && this.storeClock.nowMs() < (lastOnlineAtMs ?? 0) + HELD_BACK_MS;
  }
}

/** The stream over which the bot gets its events; `null` for a bot that has a URL and no connection. */
function endpointOf(bot: KnownBot | null, connection: KnownConnection | null): Endpoint | null {
  return connection?.endpoint ?? (bot?.kind === 'stream' ? unconnectedEndpointOf(bot.id) : null);
}

/** See `pullEndpointOf`; `null` for a bot that takes events, and while its secrets cannot be opened. */
function pulledOf(bot: KnownBot): Endpoint | null {
  return bot.takes === 'message' && isOpen(bot) ? pullEndpointOf(bot.id) : null;
}

function stateOf(
  bot: KnownBot,
  connection: KnownConnection | null,
): 'ready' | 'elsewhere' | 'offline' | 'paused' {
  if (bot.paused) return 'paused';
  if (connection !== null && !isHere(connection)) return 'elsewhere';
  return bot.kind === 'stream' && connection === null ? 'offline' : 'ready';
}

function usable(endpoint: Endpoint | EndpointFault | null | undefined): Endpoint | null {
  return endpoint === undefined || endpoint === null || 'must' in endpoint ? null : endpoint;
}
