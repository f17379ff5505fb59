import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { withinDeadline } from '../kernel/deadline.js';
import { LOG, type Log } from '../kernel/log.js';
import type { AskedBy } from '../kernel/role.js';
import type { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { TraceContext } from '../kernel/trace-context.js';
import { AccountPlaces } from './account-places.js';
import type { App } from './apps/app.js';
import { AppRepository } from './apps/app.repository.js';
import { KnownApps } from './apps/known-apps.js';
import { isSameEndpoint } from './endpoint.js';
import { EndpointPolicy } from './endpoint-policy.js';
import type { CorpKeys } from './known-corps.js';
import type { Puppet, Registration } from './puppet.js';
import { type Goodbye, PuppetRepository } from './puppet.repository.js';
import { type PrepareAnswer, type Registered, Registrations } from './registrations.js';
import { keysIdOf, RegistryImage } from './registry-image.js';
import { inTime, RegistrySync } from './registry-sync.js';
import { SecretCheck, type SecretVerdict } from './secret-check.js';
import { SecretProofs } from './secret-proofs.js';
import type { CorpPair, KeyPair } from './shared-keys.js';
import { type Asked, TakeoverGuard } from './takeover-guard.js';
import { tellUnusable } from './unusable.js';

/** Bounds a store read that a callback waits for; the three that may follow each other and the inline budget fit into 3 s. */
const LOOK_UP_LIMIT_MS = 600;

/** Enough to learn a new corp's keys; the rest of a large corp comes with the next refresh. */
const PUPPETS_PER_LOOK_UP = 100;

/** How long others wait for the word that a registration was answered: its process may have died. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * Who is registered and which keys are valid. Answers from memory; the store is asked only for what
 * memory does not know, once and briefly.
 */
@Injectable()
export class RegistryService implements OnApplicationBootstrap, OnApplicationShutdown {
  /** What opens callbacks besides the puppets' keys. */
  readonly apps: KnownApps;
  readonly #endpoints: EndpointPolicy;
  readonly #image = new RegistryImage();
  readonly #sync: RegistrySync;
  readonly #proofs: SecretProofs;
  readonly #places: AccountPlaces;
  readonly #registrations: Registrations;

  constructor(
    private readonly repository: PuppetRepository,
    apps: AppRepository,
    secrets: SecretCheck,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    @Inject(CONFIG) config: Config,
  ) {
    this.#endpoints = new EndpointPolicy(config);
    this.apps = new KnownApps(this.#image, apps, config.wecomApps);
    this.#sync = new RegistrySync(this.#image, repository, this.apps, clock, log);
    this.#proofs = new SecretProofs(this.#image, this.#sync, repository, secrets, log);
    this.#places = new AccountPlaces(this.#image, config);
    this.#registrations = new Registrations(
      this.#image,
      this.#sync,
      this.#places,
      new TakeoverGuard(repository, secrets, log),
      this.#proofs,
      repository,
      storeClock,
      log,
    );
  }

  /** See `RegistrySync.start`. May be called ahead of the bootstrap. */
  beginLoading(): Promise<void> {
    return this.#sync.start();
  }

  onApplicationBootstrap(): void {
    void this.#sync.start();
    void this.#sync.whenLoaded().then(() => {
      this.#places.tellExcess(this.log);
      return tellUnusable(this.#image, this.#endpoints, this.log);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sync.stop();
    await this.#registrations.end();
  }

  get isLoaded(): boolean {
    return this.#sync.isLoaded;
  }

  /** Never resolves where it is stopped before. */
  whenLoaded(): Promise<void> {
    return this.#sync.whenLoaded();
  }

  get size(): number {
    return this.#image.size;
  }

  get onlineCount(): number {
    return this.#image.onlineCount;
  }

  /** Since the image was last known to be like the store; `null` before it is loaded. */
  get syncAgeMs(): number | null {
    return this.#sync.ageMs;
  }

  /** What is to be done for each registration besides; there is one listener, which delivers what waits. */
  beforeAnswer(prepare: PrepareAnswer): void {
    this.#registrations.beforeAnswer(prepare);
  }

  /** @param tell is called with each account that is not registered any more; there is one listener. */
  whenForgotten(tell: (openKfId: string) => void): void {
    this.#image.onRemoved = tell;
  }

  /** Resolves, in the tick of the answer, when no registration of the account is under way; `null` when none is. */
  whenAnswered(openKfId: string): Promise<void> | null {
    return this.#registrations.whenAnswered(openKfId);
  }

  /** Whether another process took its registration and may not have answered it yet. */
  isHeldBack({ answered, lastOnlineAtMs }: Puppet): boolean {
    return !answered && this.storeClock.nowMs() < (lastOnlineAtMs ?? 0) + ANSWER_LIMIT_MS;
  }

  /** See `Registrations.register`. */
  register(registration: Registration, asked?: Asked): Promise<Registered> {
    return this.#registrations.register(registration, asked);
  }

  /**
   * Forgets the account, which is then free for any corp. What waits for it stays kept.
   * @throws AppError `REGISTRY_PUPPET_NOT_FOUND`; `STORE_UNAVAILABLE`, and it may then take effect late.
   */
  async forget(openKfId: string, by: AskedBy): Promise<void> {
    const write = this.#sync.beginWrite(openKfId);
    const forgotten = await inTime(write, this.repository.forget(openKfId), write.endForgotten);
    write.endForgotten();
    if (forgotten === null) throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    const { corpId, endpoint } = forgotten;
    this.log.info({ openKfId, corpId, endpoint, ...by }, 'registry.forgotten');
  }

  /** A puppet that was thought to be offline took a hint. Leaves everything as it is where that cannot be stored. */
  async markOnline({ openKfId, corpId, endpoint }: Puppet): Promise<void> {
    const write = this.#sync.beginWrite(openKfId);
    try {
      const online = { openKfId, corpId, endpoint };
      const puppet = await inTime(write, this.repository.markOnline(online, this.storeClock.nowMs()));
      write.end(puppet);
      this.log.info({ openKfId, corpId, applied: puppet !== null }, 'registry.found_online');
    } catch (err) {
      this.log.debug({ openKfId, err }, 'registry.mark_failed');
    }
  }

  /**
   * Safe to repeat, and harmless for a kf account that is unknown, of another corp or has moved, and from an
   * address that was replaced: a dying process may speak after its successor.
   * @throws AppError `STORE_UNAVAILABLE`; it may then take effect late.
   */
  async deregister(said: Goodbye): Promise<void> {
    const goodbye = await this.#asRegistered(said);
    const write = this.#sync.beginWrite(goodbye.openKfId);
    const puppet = await inTime(write, this.repository.markOffline(goodbye, this.storeClock.nowMs()));
    write.end(puppet);
    const { openKfId, corpId, from } = goodbye;
    this.log.info({ openKfId, corpId, from, applied: puppet !== null }, 'registry.deregistered');
  }

  /** The endpoint as the puppet had registered it, where the goodbye names the same in another spelling. */
  async #asRegistered(goodbye: Goodbye): Promise<Goodbye> {
    const { openKfId, endpoint } = goodbye;
    if (endpoint === undefined) return goodbye;
    const known = this.findPuppet(openKfId);
    if (known?.endpoint === endpoint) return goodbye;
    const puppet = await this.rereadPuppet(openKfId, LOOK_UP_LIMIT_MS);
    return puppet !== null && isSameEndpoint(puppet.endpoint, endpoint)
      ? { ...goodbye, endpoint: puppet.endpoint }
      : goodbye;
  }

  /** @throws AppError `REGISTRY_PUPPET_NOT_FOUND`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE` */
  async getPuppet(openKfId: string): Promise<Puppet> {
    const puppet = this.findPuppet(openKfId) ?? (await this.lookUpPuppet(openKfId));
    if (puppet === null) throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    return puppet;
  }

  /** From memory. @returns `null` when unknown here, which `lookUpPuppet` then makes certain. */
  findPuppet(openKfId: string): Puppet | null {
    return this.#image.findPuppet(openKfId);
  }

  /**
   * From memory, in the order of `accountKey`. @param after the key after which it begins, `''` for the first.
   * @param corpId `null` for all.
   */
  async listPuppets(after: string, corpId: string | null, limit: number): Promise<readonly Puppet[]> {
    return (await this.#image.index()).after(after, corpId, limit);
  }

  /** From memory, like `findPuppet`. */
  findCorp(corpId: string): CorpKeys | null {
    return this.#image.findCorp(corpId);
  }

  /** Registered accounts whose puppet has the app's token and key, from memory. */
  countOf(app: App): number {
    return this.#image.countOf(app);
  }

  /** The distinct corpSecrets of the corp's puppets, from memory; those that WeCom accepted, where there are any. */
  secretsOf(corpId: string): readonly Secret[] {
    return this.#image.secretsOf(corpId);
  }

  /** Whether it is known here that WeCom accepted the corpSecret, which a puppet of the corp has; from memory. */
  isAccepted(corpId: string, corpSecret: Secret): boolean {
    return this.#image.findSecret(corpId, corpSecret)?.isAccepted === true;
  }

  /** The very pair among its corp's that the puppet registered. */
  findPairOf(openKfId: string): KeyPair | null {
    return this.#image.findPairOf(openKfId);
  }

  /** Tells the pair apart from others and shows nothing of it; `null` where there is none. */
  findKeysId(openKfId: string): string | null {
    const pair = this.#image.findPairOf(openKfId);
    return pair === null ? null : keysIdOf(pair);
  }

  /**
   * Asks the store for an account that memory does not know.
   * @throws AppError `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async lookUpPuppet(openKfId: string): Promise<Puppet | null> {
    await this.#lookUp(`account ${openKfId}`, async () => {
      const puppet = await this.repository.find(openKfId);
      return puppet === null ? [] : [puppet];
    });
    return this.findPuppet(openKfId);
  }

  /** The same for a corp. */
  async lookUpCorp(corpId: string): Promise<CorpKeys | null> {
    await this.#lookUp(`corp ${corpId}`, async () => {
      const [puppets] = await Promise.all([
        this.repository.listByCorp(corpId, PUPPETS_PER_LOOK_UP),
        this.apps.read(),
      ]);
      return puppets;
    });
    return this.findCorp(corpId);
  }

  /**
   * Takes in what other replicas wrote a moment ago; for a callback that no known key opens.
   * @returns false where there are no others, so that nothing can have changed.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async catchUp(): Promise<boolean> {
    if (!this.repository.isShared) return false;
    await withinDeadline(LOOK_UP_LIMIT_MS, 'catch up', this.#sync.catchUp());
    return true;
  }

  /**
   * Whether the pair, which is not the account's own, may speak for its whole corp: as another replica noted, or
   * as WeCom says of the secrets of those who use it. Takes little more than `limitMs`, and never rejects.
   */
  async proveKeys(
    pair: CorpPair,
    limitMs: number,
    trace: TraceContext | null = null,
  ): Promise<SecretVerdict> {
    const startedMs = this.clock.elapsedMs();
    // What comes of it is seen at the pair.
    await this.catchUp().catch(() => {});
    if (pair.isTrusted) return 'accepted';
    const leftMs = limitMs - (this.clock.elapsedMs() - startedMs);
    return this.#proofs.prove(pair, Math.max(0, leftMs), trace);
  }

  /**
   * The account's record as the store has it now, for a delivery that failed: the puppet may have
   * moved through another replica. Memory's answer when the store has none in time.
   */
  async rereadPuppet(openKfId: string, limitMs: number): Promise<Puppet | null> {
    if (this.repository.isShared) {
      try {
        const order = this.#sync.order;
        const puppet = await withinDeadline(limitMs, 'reread', this.repository.find(openKfId));
        if (puppet !== null) this.#sync.applyRead([puppet], order);
      } catch (err) {
        this.log.debug({ openKfId, err }, 'registry.reread_failed');
      }
    }
    return this.findPuppet(openKfId);
  }

  async #lookUp(what: string, read: () => Promise<readonly Puppet[]>): Promise<void> {
    if (!this.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    if (!this.repository.isShared || this.#sync.isKnownMissing(what)) return;
    const order = this.#sync.order;
    const puppets = await withinDeadline(LOOK_UP_LIMIT_MS, what, read());
    if (puppets.length === 0) this.#sync.rememberMissing(what);
    this.#sync.applyRead(puppets, order);
  }
}
