import { Injectable } from '@nestjs/common';
import { type CallbackUrl, type EndpointFault, ofBot } from '../endpoint/endpoint.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { AccountHistories } from '../puppets/account-history.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { pairIdOf } from '../keys/shared-keys.js';
import { FollowedRecords } from '../../storage/records/followed-records.js';
import { RecordStore } from '../../storage/records/records.js';
import { type Bot, listedIn, type Open, takesAllOthers, takesCallbacks } from './bot.js';
import { BOTS, readBot, type StoredBot } from './stored-bot.js';
import { accountKey } from '../../kernel/account.js';

/** A bot with what is derived from it once. */
export type KnownBot = Bot & {
  /** Where a callback bot takes callbacks, or the service of an agent is asked; or why that cannot be. */
  readonly endpoint: CallbackUrl | EndpointFault;
  /** Identifies its callback keys and reveals nothing of them; `null` when it has none. */
  readonly keysId: string | null;
};

/** A bot whose secrets this process could open. */
export type OpenBot = Open<KnownBot>;
export type AgentBot = Extract<OpenBot, { readonly kind: 'agent' }>;
/** It takes callbacks at its URL. */
export type CallbackBot = Extract<OpenBot, { readonly kind: 'callback' }>;
/** It takes callbacks at its URL or over its stream. */
export type CalledBot = Extract<OpenBot, { readonly callback: object }>;

const NO_ENDPOINT: EndpointFault = { must: 'be given by the puppet when it registers' };
const NO_URL: EndpointFault = { must: 'be left to the client that opens a stream' };
const CLOSED: EndpointFault = { must: 'be known with secrets that can be opened' };

/** All bots, in memory: by account, by corp, and by key. */
@Injectable()
export class KnownBots extends FollowedRecords<StoredBot> {
  readonly #bots = new Map<string, KnownBot>();
  readonly #byAccount = new Map<string, KnownBot>();
  readonly #ofOthers = new Map<string, KnownBot>();
  /** By the account's id alone: the bots of any corp that list it. */
  readonly #listing = new Map<string, Set<KnownBot>>();
  readonly #byKey = new Map<string, KnownBot>();
  /** How many bots each corp has. */
  readonly #counts = new Map<string, number>();

  constructor(
    private readonly policy: EndpointPolicy,
    records: RecordStore,
    private readonly image: RegistryImage,
    private readonly histories: AccountHistories,
  ) {
    super(records.of(BOTS));
  }

  get size(): number {
    return this.#bots.size;
  }

  /** How many bots the corp has. */
  countOf(corpId: string): number {
    return this.#counts.get(corpId) ?? 0;
  }

  list(): readonly KnownBot[] {
    return [...this.#bots.values()];
  }

  find(id: string): KnownBot | null {
    return this.#bots.get(id) ?? null;
  }

  /** The bot that lists the account of the corp. */
  findListed(corpId: string, openKfId: string): KnownBot | null {
    if (this.#byAccount.size === 0) return null;
    return this.#byAccount.get(accountKey({ corpId, openKfId })) ?? null;
  }

  /** The corp's bot with `ALL_OTHERS`, which has the accounts that nobody else has. */
  findOfOthers(corpId: string): KnownBot | null {
    return this.#ofOthers.get(corpId) ?? null;
  }

  /** The bot that has the account: it lists the account, or it has all others and no puppet without a bot has registered it. */
  findOf(corpId: string, openKfId: string): KnownBot | null {
    const listed = this.findListed(corpId, openKfId);
    if (listed !== null) return listed;
    const puppet = this.image.findPuppet(openKfId);
    return puppet?.corpId === corpId && puppet.botId === '' ? null : this.findOfOthers(corpId);
  }

  /** A bot of any corp that lists the account. */
  findListing(openKfId: string): KnownBot | null {
    const [first = null] = this.#listing.get(openKfId) ?? [];
    return first;
  }

  /** The bot with this key, while the key is valid. @param hash see `hashOfKey`. @param nowMs store time. */
  findByKey(hash: string, nowMs: number): KnownBot | null {
    const bot = this.#byKey.get(hash);
    const key = bot?.keys.find((one) => one.hash === hash);
    if (bot === undefined || key === undefined) return null;
    return key.untilMs === null || nowMs < key.untilMs ? bot : null;
  }

  /** Call it when the bot is stored. */
  written(bot: Bot): KnownBot {
    this.wrote(bot.id);
    const before = this.#remove(bot.id);
    const known = this.#put(bot);
    if (before !== null) this.#forgetUnserved([before]);
    return known;
  }

  /** Call it when the bot is not stored any more. */
  removed(id: string): void {
    this.wrote(id);
    const before = this.#remove(id);
    if (before !== null) this.#forgetUnserved([before]);
  }

  protected take(stored: readonly StoredBot[], isOvertaken: (id: string) => boolean): void {
    const revisions = new Map(stored.map(({ id, revision }) => [id, revision]));
    const changed = [...this.#bots.values()].filter(
      ({ id, revision }) => revisions.get(id) !== revision && !isOvertaken(id),
    );
    for (const { id } of changed) this.#remove(id);
    for (const bot of stored) if (!this.#bots.has(bot.id) && !isOvertaken(bot.id)) this.#put(readBot(bot));
    this.#forgetUnserved(changed);
  }

  /** @param bot not among `#bots` yet. */
  #put(bot: Bot): KnownBot {
    const known = this.#derive(bot);
    this.#bots.set(bot.id, known);
    this.#counts.set(bot.corpId, this.countOf(bot.corpId) + 1);
    for (const { hash } of bot.keys) this.#byKey.set(hash, known);
    for (const openKfId of listedIn(bot)) {
      this.#byAccount.set(accountKey({ corpId: bot.corpId, openKfId }), known);
      const listing = this.#listing.get(openKfId) ?? new Set();
      this.#listing.set(openKfId, listing.add(known));
    }
    if (takesAllOthers(bot)) this.#ofOthers.set(bot.corpId, known);
    return known;
  }

  /**
   * Forgets the histories of accounts that nobody serves any more: they say nothing about the next bot of the account.
   * @param before the changed or removed bots as they were. The present ones are known already.
   */
  #forgetUnserved(before: readonly KnownBot[]): void {
    for (const bot of before) {
      if (this.findOfOthers(bot.corpId) !== null) continue;
      // A bot with `ALL_OTHERS` lists no accounts. Those that have a history are enough here.
      const had = takesAllOthers(bot) ? this.histories.accountsOf(bot.corpId) : listedIn(bot);
      for (const openKfId of had) if (!this.#isServed(openKfId)) this.histories.forget(openKfId);
    }
  }

  /** Whether a bot lists it, or a puppet serves it. A registration with a bot's key counts while the account is that bot's. */
  #isServed(openKfId: string): boolean {
    if (this.#listing.has(openKfId)) return true;
    const puppet = this.image.findPuppet(openKfId);
    return puppet !== null && (puppet.botId === '' || puppet.botId === this.findOfOthers(puppet.corpId)?.id);
  }

  /** @returns the bot as it was; `null` when it was not known. */
  #remove(id: string): KnownBot | null {
    const known = this.#bots.get(id);
    if (known === undefined) return null;
    this.#bots.delete(id);
    const left = this.countOf(known.corpId) - 1;
    if (left > 0) this.#counts.set(known.corpId, left);
    else this.#counts.delete(known.corpId);
    for (const { hash } of known.keys) this.#byKey.delete(hash);
    for (const openKfId of listedIn(known)) {
      const key = accountKey({ corpId: known.corpId, openKfId });
      if (this.#byAccount.get(key) === known) this.#byAccount.delete(key);
      const listing = this.#listing.get(openKfId);
      listing?.delete(known);
      if (listing?.size === 0) this.#listing.delete(openKfId);
    }
    if (this.#ofOthers.get(known.corpId) === known) this.#ofOthers.delete(known.corpId);
    return known;
  }

  #derive(bot: Bot): KnownBot {
    const keys = takesCallbacks(bot) ? bot.secrets : null;
    return { ...bot, endpoint: this.#endpointOf(bot), keysId: keys && pairIdOf(keys) };
  }

  #endpointOf(bot: Bot): CallbackUrl | EndpointFault {
    if (bot.kind === 'stream') return NO_URL;
    if (bot.kind !== 'callback' && bot.kind !== 'agent') return NO_ENDPOINT;
    if (bot.secrets === null) return CLOSED;
    const url = this.policy.readCallbackUrl(bot.kind === 'agent' ? bot.agent.url : bot.secrets.url.reveal());
    return 'must' in url ? url : ofBot(url, bot.id);
  }
}
