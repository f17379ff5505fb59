import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { withinDeadline } from '../kernel/deadline.js';
import { HealthyLines } from '../kernel/healthy-lines.js';
import { LOG, type Log } from '../kernel/log.js';
import { Pending } from '../kernel/pending.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { Puppet } from '../registry/puppet.js';
import { RegistryService } from '../registry/registry.service.js';
import { Circuits } from './circuit.js';
import { Deliveries } from './deliveries.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { hintKey, type NewHint } from './hint.js';
import { HintKeeper } from './hint-keeper.js';
import { HintLog } from './hint-log.js';
import { HintSender, LEASE_MS } from './hint-sender.js';
import { LocalOutbox, MemoryHintStore } from './local-outbox.js';
import { type ClaimedHint, Outbox } from './outbox.js';
import { OutboxPatrol } from './outbox-patrol.js';
import { PuppetClient } from './puppet-client.js';
import { ResyncBudget } from './resync-budget.js';
import { RetryLoop } from './retry-loop.js';

/** A register answer waits this long for what waits for its puppet; the deployed puppet's register has no deadline. */
const CLAIM_LIMIT_MS = 1_000;
/** Hints whose senders were told 503, since nothing could store them. */
const IN_MEMORY_MAX = 2_000;

/**
 * Delivers later what was not taken at once: from the outbox, and, as long as the process lives, what the
 * outbox could not store. Sees to it that a puppet that registers gets what waits for it.
 */
@Injectable()
export class Redelivery implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly circuits: Circuits;
  readonly #sender: HintSender;
  readonly #loop: RetryLoop;
  readonly #memory: LocalOutbox;
  readonly #memoryLoop: RetryLoop;
  readonly #patrol: OutboxPatrol;
  readonly #late = new Pending();

  constructor(
    private readonly outbox: Outbox,
    budget: ResyncBudget,
    private readonly client: PuppetClient,
    private readonly registry: RegistryService,
    private readonly keeper: HintKeeper,
    metrics: DispatchMetrics,
    deliveries: Deliveries,
    clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    healthyLines: HealthyLines,
  ) {
    this.circuits = new Circuits(clock, (endpoint) => void this.#probe(endpoint));
    const recovered = (endpoint: string): void => this.recovered(endpoint);
    const hintLog = new HintLog(log, healthyLines);
    this.#sender = new HintSender(
      client,
      registry,
      this.circuits,
      budget,
      keeper,
      metrics,
      deliveries,
      clock,
      storeClock,
      hintLog,
      recovered,
    );
    const loopOver = (one: Outbox): RetryLoop =>
      new RetryLoop(one, this.#sender, this.circuits, metrics, clock, storeClock, log);
    this.#memory = new LocalOutbox(new MemoryHintStore());
    this.#loop = loopOver(outbox);
    this.#memoryLoop = loopOver(this.#memory);
    this.#patrol = new OutboxPatrol(
      outbox,
      registry,
      client,
      this.circuits,
      metrics,
      clock,
      storeClock,
      log,
      hintLog,
    );
    registry.beforeAnswer((puppet) => this.#claimFor(puppet));
    registry.whenForgotten((openKfId) => deliveries.forget(openKfId));
  }

  onApplicationBootstrap(): void {
    void this.registry.whenLoaded().then(() => {
      this.#loop.start();
      this.#patrol.start(() => this.wakeUp());
    });
    this.#memoryLoop.start();
  }

  /** Takes no more, lets what is under way end, 5 s at most, and its outcome be written. Leases that are left lapse. */
  async onApplicationShutdown(): Promise<void> {
    this.circuits.stop();
    this.#patrol.stop();
    this.#sender.withdrawAll();
    await Promise.all([this.#loop.stop(), this.#memoryLoop.stop(), this.#late.whenOver()]);
    await this.keeper.whenWritten();
    await this.client.close();
  }

  /** The process does not end before this is over. @param work never rejects. */
  untilOver(work: Promise<void>): void {
    void this.#late.add(work);
  }

  /** Something was kept that may be due soon. */
  wakeUp(): void {
    this.#loop.wakeUp();
  }

  /** Tries on what could not be stored, for as long as this process lives. */
  async tryFromMemory(hint: NewHint): Promise<void> {
    const { waiting } = await this.#memory.counts();
    if (waiting >= IN_MEMORY_MAX || hint.dueAtMs === null) return;
    await this.#memory.put({ ...hint, lease: null }, this.storeClock.nowMs());
    this.#memoryLoop.wakeUp();
  }

  /** The endpoint was in trouble and took something: whatever waits for it is sent. */
  recovered(endpoint: string): void {
    const nowMs = this.storeClock.nowMs();
    for (const one of [this.outbox, this.#memory]) {
      one
        .wakeEndpoint(endpoint, nowMs)
        .catch((err: unknown) => this.log.debug({ endpoint, err }, 'outbox.wake_failed'));
    }
    this.#loop.wakeUp();
    this.#memoryLoop.wakeUp();
  }

  /** Makes due what waits for an account of which a puppet is known now. */
  async wake(puppet: Puppet): Promise<void> {
    const endpoint = this.client.endpointOf(puppet);
    if (endpoint === null) return;
    await this.outbox.wake(hintKey(puppet), endpoint, this.storeClock.nowMs());
    this.wakeUp();
  }

  async #probe(endpoint: string): Promise<void> {
    try {
      // Memory first: it can be asked when the outbox cannot.
      const isSent = (await this.#memoryLoop.probe(endpoint)) || (await this.#loop.probe(endpoint));
      if (!isSent) this.circuits.nothingToProbe(endpoint);
    } catch (err) {
      this.log.debug({ endpoint, err }, 'outbox.probe_failed');
      this.circuits.inconclusive(endpoint);
    }
  }

  /** Before the answer to a registration: leases what waits. What it gives sends it, in the tick of the answer. */
  async #claimFor(puppet: Puppet): Promise<() => void> {
    const endpoint = this.client.endpointOf(puppet);
    if (endpoint === null) return () => {};
    const claims = await Promise.all([
      this.#claimIn(this.outbox, puppet, endpoint),
      this.#claimIn(this.#memory, puppet, endpoint),
    ]);
    const [kept, inMemory] = claims;
    return () => {
      const wasInTrouble = this.circuits.close(endpoint);
      if (kept) this.#loop.send(kept, 'registration');
      if (inMemory) this.#memoryLoop.send(inMemory, 'registration');
      if (wasInTrouble) this.recovered(endpoint);
    };
  }

  /** @returns `null` when nothing waits, or where the store is too slow: the patrol then finds it. */
  async #claimIn(outbox: Outbox, puppet: Puppet, endpoint: string): Promise<ClaimedHint | null> {
    const claim = outbox.claimOf(hintKey(puppet), endpoint, this.storeClock.nowMs(), LEASE_MS);
    try {
      return await withinDeadline(CLAIM_LIMIT_MS, 'claim at registration', claim);
    } catch (err) {
      this.log.warn({ openKfId: puppet.openKfId, err }, 'outbox.claim_failed');
      this.untilOver(this.#giveBack(outbox, claim));
      return null;
    }
  }

  /** A claim that came too late is nobody's: what it leased is due at once. */
  async #giveBack(outbox: Outbox, claim: Promise<ClaimedHint | null>): Promise<void> {
    try {
      const hint = await claim;
      if (hint === null) return;
      const { generation, lease } = hint;
      const nowMs = this.storeClock.nowMs();
      await outbox.release({ key: hintKey(hint), generation, leaseId: lease.id }, nowMs, nowMs);
      this.wakeUp();
    } catch {
      // Its lease lapses.
    }
  }
}
