import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Secret } from '../../kernel/secret.js';
import { AccountIndex } from './account-index.js';
import type { Endpoint, EndpointFault } from '../endpoint/endpoint.js';
import { EndpointPolicy } from '../endpoint/endpoint-policy.js';
import { KnownCorps } from '../keys/known-corps.js';
import { isSamePuppet, type Puppet } from '../../storage/puppets/puppet.js';
import { type SharedPair, SharedSecret } from '../keys/shared-keys.js';

/** Puppets that are sorted in one turn of the event loop. */
const INDEXED_AT_ONCE = 5_000;

/** A registered puppet, with what is derived from its registration once. */
export interface KnownPuppet {
  readonly puppet: Puppet;
  readonly endpoint: Endpoint | EndpointFault;
  /** The same object as in `KnownCorps`; `null` when its keys do not have WeCom's form. */
  readonly pair: SharedPair | null;
  readonly secret: SharedSecret;
}

/** A corp with registered puppets. */
interface CorpOfPuppets {
  accounts: number;
  /** The distinct corpSecrets of its puppets. */
  readonly secrets: Map<string, SharedSecret>;
}

/** The puppets by kf account, in memory, and the secrets of each corp. Plain and synchronous; `PuppetWrites` fills it. */
@Injectable()
export class RegistryImage {
  readonly #known = new Map<string, KnownPuppet>();
  readonly #corpsOfPuppets = new Map<string, CorpOfPuppets>();
  #onlineCount = 0;
  #isLoaded = false;
  /** Built when it is first needed. */
  #index: AccountIndex | null = null;
  #indexing: Promise<AccountIndex> | null = null;

  constructor(
    private readonly policy: EndpointPolicy,
    private readonly corps: KnownCorps,
  ) {}

  /** Whether it has everything that the store had at the start. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  loaded(): void {
    this.#isLoaded = true;
  }

  get size(): number {
    return this.#known.size;
  }

  get onlineCount(): number {
    return this.#onlineCount;
  }

  /** How many accounts of the corp are registered. */
  accountCountOf(corpId: string): number {
    return this.#corpsOfPuppets.get(corpId)?.accounts ?? 0;
  }

  /** The number of accounts of each corp that has any. */
  *accountCounts(): Iterable<readonly [corpId: string, accounts: number]> {
    for (const [corpId, { accounts }] of this.#corpsOfPuppets) yield [corpId, accounts];
  }

  find(openKfId: string): KnownPuppet | null {
    return this.#known.get(openKfId) ?? null;
  }

  findPuppet(openKfId: string): Puppet | null {
    return this.#known.get(openKfId)?.puppet ?? null;
  }

  /** `null` where the account is not known or has no name. */
  nameOf(openKfId: string | null): string | null {
    return (openKfId === null ? null : this.findPuppet(openKfId)?.name) || null;
  }

  /** The distinct secrets of its puppets, online or not; only those that WeCom accepted, if there are any. */
  secretsOf(corpId: string): readonly Secret[] {
    const all = [...(this.#corpsOfPuppets.get(corpId)?.secrets.values() ?? [])].filter(
      ({ secret }) => secret.reveal() !== '',
    );
    const accepted = all.filter(({ isAccepted }) => isAccepted);
    return (accepted.length > 0 ? accepted : all).map(({ secret }) => secret);
  }

  /** @returns `null` when no puppet of the corp has it. */
  findSecret(corpId: string, corpSecret: Secret): SharedSecret | null {
    return this.#corpsOfPuppets.get(corpId)?.secrets.get(corpSecret.reveal()) ?? null;
  }

  /** Finds a secret of the corp by its `secretIdOf`. */
  findSecretById(corpId: string, secretId: string): SharedSecret | null {
    for (const secret of this.#corpsOfPuppets.get(corpId)?.secrets.values() ?? [])
      if (secret.id === secretId) return secret;
    return null;
  }

  /** The puppets that have the secret. Scans all puppets. */
  *usersOf(secret: SharedSecret): Iterable<Puppet> {
    for (const known of this.#known.values()) if (known.secret === secret) yield known.puppet;
  }

  /** @returns whether anything changed. */
  put(puppet: Puppet): boolean {
    const before = this.#known.get(puppet.openKfId);
    if (before !== undefined && isSamePuppet(before.puppet, puppet)) return false;
    // The new ones are added before the old ones go, so that a pair in both stays the same object and keeps its cipher.
    const secret = this.#addTo(puppet);
    secret.users++;
    secret.from = puppet.from;
    if (saysAccepted(puppet, secret)) secret.acceptedBy++;
    const pair = this.corps.pairOf(puppet.corpId, puppet, puppet.from);
    pair?.addUser(secret);
    const endpoint =
      before?.puppet.endpoint === puppet.endpoint ? before.endpoint : this.policy.read(puppet.endpoint);
    this.#known.set(puppet.openKfId, { puppet, endpoint, pair, secret });
    this.#index?.set(puppet, before?.puppet);
    if (puppet.online) this.#onlineCount++;
    if (before !== undefined) this.#release(before);
    return true;
  }

  /** @returns whether the account was known. */
  remove(openKfId: string): boolean {
    const before = this.#known.get(openKfId);
    if (before === undefined) return false;
    this.#known.delete(openKfId);
    this.#index?.delete(before.puppet);
    this.#release(before);
    return true;
  }

  /** Built on the first call, with pauses, and updated from then on. */
  index(): Promise<AccountIndex> {
    this.#indexing ??= this.#makeIndex();
    return this.#indexing;
  }

  async #makeIndex(): Promise<AccountIndex> {
    const index = new AccountIndex();
    this.#index = index;
    let count = 0;
    // A puppet that changes meanwhile is in the index already, or is still to come in this loop.
    for (const { puppet } of this.#known.values()) {
      index.set(puppet, undefined);
      if (++count % INDEXED_AT_ONCE === 0) await nextTurn();
    }
    return index;
  }

  *openKfIds(): Iterable<string> {
    yield* this.#known.keys();
  }

  /** Counts the account to its corp. @returns its secret there. */
  #addTo({ corpId, corpSecret }: Puppet): SharedSecret {
    let corp = this.#corpsOfPuppets.get(corpId);
    if (corp === undefined) {
      corp = { accounts: 0, secrets: new Map() };
      this.#corpsOfPuppets.set(corpId, corp);
    }
    corp.accounts++;
    let secret = corp.secrets.get(corpSecret.reveal());
    if (secret === undefined) {
      secret = new SharedSecret(corpId, corpSecret);
      corp.secrets.set(corpSecret.reveal(), secret);
    }
    return secret;
  }

  #release({ puppet, pair, secret }: KnownPuppet): void {
    if (puppet.online) this.#onlineCount--;
    pair?.removeUser(secret);
    if (pair !== null) this.corps.dropUnused(puppet.corpId, pair);
    if (saysAccepted(puppet, secret)) secret.acceptedBy--;
    const corp = this.#corpsOfPuppets.get(puppet.corpId);
    if (--secret.users === 0) corp?.secrets.delete(secret.secret.reveal());
    if (corp !== undefined && --corp.accounts === 0) this.#corpsOfPuppets.delete(puppet.corpId);
  }
}

function saysAccepted({ acceptedSecretId }: Puppet, secret: SharedSecret): boolean {
  return acceptedSecretId !== null && secret.secret.reveal() !== '' && acceptedSecretId === secret.id;
}
