import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { withinDeadline } from '../kernel/deadline.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Puppet, Registration } from './puppet.js';
import { type Goodbye, PuppetRepository } from './puppet.repository.js';
import { RegistrationsUnderWay } from './registrations-under-way.js';
import { type CorpKeys, type KeyPair, keysIdOf, RegistryImage } from './registry-image.js';
import { type OwnWrite, RegistrySync } from './registry-sync.js';

/** Bounds a store read that a callback waits for; the three that may follow each other and the inline budget fit into 3 s. */
const LOOK_UP_LIMIT_MS = 600;

/** Enough to learn a new corp's keys; the rest of a large corp comes with the next refresh. */
const PUPPETS_PER_LOOK_UP = 100;

/** How long others wait for the word that a registration was answered: its process may have died. */
const ANSWER_LIMIT_MS = 5_000;

/** A registration has nobody hurrying behind it, and after an outage all puppets may come at once. */
const WRITE_LIMIT_MS = 10_000;

/** Called when a registration is stored; what it gives is called in the tick in which the answer was written. */
export type PrepareAnswer = (puppet: Puppet) => Promise<() => void>;

/** A registration that is stored and not yet in use. */
export interface Registered {
  readonly puppet: Puppet;
  /**
   * To be called in the tick in which the answer was written. Before it nothing is delivered to the
   * new endpoint: a delivery ahead of that answer crashes the deployed puppet.
   */
  answered(): void;
}

/**
 * Who is registered and which keys are valid. Answers from memory; the store is asked only for what
 * memory does not know, once and briefly.
 */
@Injectable()
export class RegistryService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #image: RegistryImage;
  readonly #sync: RegistrySync;
  readonly #underWay = new RegistrationsUnderWay();
  #prepare: PrepareAnswer = async () => () => {};

  constructor(
    private readonly repository: PuppetRepository,
    clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    @Inject(CONFIG) config: Config,
  ) {
    this.#image = new RegistryImage(config.wecomApps);
    this.#sync = new RegistrySync(this.#image, repository, clock, log);
  }

  onApplicationBootstrap(): void {
    this.#sync.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#sync.stop();
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

  /** What is to be done for each registration besides; there is one listener, which delivers what waits. */
  beforeAnswer(prepare: PrepareAnswer): void {
    this.#prepare = prepare;
  }

  /** Resolves, in the tick of the answer, when no registration of the account is under way; `null` when none is. */
  whenAnswered(openKfId: string): Promise<void> | null {
    return this.#underWay.whenOver(openKfId);
  }

  /** Whether another process took its registration and may not have answered it yet. */
  isHeldBack({ answered, lastOnlineAtMs }: Puppet): boolean {
    return !answered && this.storeClock.nowMs() < (lastOnlineAtMs ?? 0) + ANSWER_LIMIT_MS;
  }

  /** @throws AppError `STORE_UNAVAILABLE`; the registration may then take effect late. */
  async register(registration: Registration): Promise<Registered> {
    const isOver = this.#underWay.begin(registration.openKfId);
    try {
      return await this.#register(registration, isOver);
    } catch (error) {
      isOver();
      throw error;
    }
  }

  async #register(registration: Registration, isOver: () => void): Promise<Registered> {
    const write = this.#sync.beginWrite(registration.openKfId);
    const before = this.#image.findPuppet(registration.openKfId);
    const saved = await inTime(write, this.repository.save(registration, this.storeClock.nowMs()));
    const puppet = { ...saved, answered: true };
    const { openKfId, corpId, endpoint } = puppet;
    const endpointBefore = before?.endpoint === endpoint ? undefined : before?.endpoint;
    this.log.info({ openKfId, corpId, endpoint, endpointBefore }, 'registry.registered');
    const afterAnswer = await this.#prepare(puppet);
    const answered = (): void => {
      write.end(puppet);
      afterAnswer();
      isOver();
      this.repository.markAnswered(saved).catch((err: unknown) => {
        // Others find out by themselves after a while.
        this.log.debug({ openKfId, err }, 'registry.mark_failed');
      });
    };
    return { puppet, answered };
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
  async deregister(goodbye: Goodbye): Promise<void> {
    const write = this.#sync.beginWrite(goodbye.openKfId);
    const puppet = await inTime(write, this.repository.markOffline(goodbye, this.storeClock.nowMs()));
    write.end(puppet);
    const { openKfId, corpId } = goodbye;
    this.log.info({ openKfId, corpId, applied: puppet !== null }, 'registry.deregistered');
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

  /** From memory, like `findPuppet`. */
  findCorp(corpId: string): CorpKeys | null {
    return this.#image.findCorp(corpId);
  }

  /** The distinct corpSecrets of the corp's puppets, from memory. */
  secretsOf(corpId: string): readonly Secret[] {
    return this.#image.secretsOf(corpId);
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
    await this.#lookUp(`corp ${corpId}`, () => this.repository.listByCorp(corpId, PUPPETS_PER_LOOK_UP));
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

/** Gives up waiting, not the write: one that is late is put into use whenever it turns out to have been done. */
async function inTime<T extends Puppet | null>(write: OwnWrite, work: Promise<T>): Promise<T> {
  try {
    return await withinDeadline(WRITE_LIMIT_MS, 'write', work);
  } catch (error) {
    work.then(write.end, write.fail);
    throw error;
  }
}
