import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { REPLICA } from '../kernel/replica.js';
import { SerialRuns } from '../kernel/serial-runs.js';
import { StoreClock } from '../kernel/store-clock.js';
import {
  type BotConnection,
  ConnectedBots,
  type ConnectionWatch,
  isHere,
} from '../registry/bots/connected-bots.js';
import { StreamDirectory } from './stream-directory.js';

/** A replica that does not renew its lease within this time counts as dead, and its connections as gone. */
const LEASE_MS = 10_000;
const RENEW_MS = 3_000;
/** How often the store is asked what other replicas have: often while any client is connected, since events wait for the answer. */
const LOOK_MS = { usual: 1_000, connected: 250 };
/** Changes within this time are written together. */
const GATHER_MS = 5;

/** Tells all replicas, by the store, which connections the others have. */
@Injectable()
export class ReplicaSync implements ConnectionWatch {
  /** Which revision of each replica's connections is known here. Without its own, this process reads what is stored of it. */
  readonly #revisions = new Map<string, number>();
  readonly #writes = new SerialRuns(() => this.#write());
  #added = new Map<string, BotConnection>();
  #removed = new Set<string>();
  /** When the lease was renewed last, by `Clock.elapsedMs`; `null` while the store does not know of it. */
  #heldAtMs: number | null = null;
  #isRunning = false;
  #isTroubled = false;
  #timer: Timer | null = null;
  #gathering: Timer | null = null;

  constructor(
    private readonly directory: StreamDirectory,
    private readonly connected: ConnectedBots,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Call it once clients can connect to this process. */
  start(): void {
    if (!this.directory.isShared) return;
    this.#isRunning = true;
    void this.#runRound();
  }

  /** Ends this process's lease, so that the other replicas forget its connections. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#gathering?.cancel();
    // A write that ends after the lease would leave connections in the store that nobody removes.
    await this.#writes.run().catch(() => {});
    await this.directory.leave(REPLICA).catch((err: unknown) => this.#sayTrouble(err));
  }

  /** Whether there are other replicas to which clients may connect. */
  get hasOthers(): boolean {
    return this.#revisions.keys().some((id) => id !== REPLICA);
  }

  came(connection: BotConnection): void {
    if (!this.#isTold(connection)) return;
    this.#removed.delete(connection.id);
    this.#added.set(connection.id, connection);
    this.#writeSoon();
  }

  left(connection: BotConnection): void {
    if (!this.#isTold(connection)) return;
    this.#added.delete(connection.id);
    this.#removed.add(connection.id);
    this.#writeSoon();
  }

  /** Whether other replicas must learn of the connection. With the embedded store there are none. */
  #isTold(connection: BotConnection): boolean {
    return this.directory.isShared && isHere(connection);
  }

  #writeSoon(): void {
    if (!this.#isRunning || this.#gathering !== null) return;
    this.#gathering = this.clock.after(GATHER_MS, () => {
      this.#gathering = null;
      this.#writes.run().catch((err: unknown) => this.#sayTrouble(err));
    });
  }

  async #runRound(): Promise<void> {
    try {
      if (this.#heldAtMs === null || this.clock.elapsedMs() >= this.#heldAtMs + RENEW_MS) await this.#hold();
      if (this.#added.size > 0 || this.#removed.size > 0) await this.#writes.run();
      await this.#read();
      this.#isTroubled = false;
    } catch (err) {
      this.#sayTrouble(err);
    }
    if (!this.#isRunning) return;
    const pauseMs = this.connected.size > 0 ? LOOK_MS.connected : LOOK_MS.usual;
    this.#timer = this.clock.after(pauseMs, () => void this.#runRound());
  }

  async #hold(): Promise<void> {
    const wasKnown = await this.directory.hold(REPLICA, this.storeClock.nowMs() + LEASE_MS);
    this.#heldAtMs = this.clock.elapsedMs();
    this.#revisions.delete(REPLICA);
    if (wasKnown) return;
    for (const connection of this.connected.list())
      if (isHere(connection)) this.#added.set(connection.id, connection);
  }

  async #write(): Promise<void> {
    if (this.#heldAtMs === null) await this.#hold();
    const [added, removed] = [this.#added, this.#removed];
    this.#added = new Map();
    this.#removed = new Set();
    try {
      const revision = await this.directory.change(REPLICA, [...added.values()].map(toStored), [...removed]);
      if (revision !== null && this.#revisions.has(REPLICA)) this.#revisions.set(REPLICA, revision);
    } catch (error) {
      // The failed changes are written again, unless the connection has changed since.
      for (const [id, connection] of added)
        if (!this.#removed.has(id) && !this.#added.has(id)) this.#added.set(id, connection);
      for (const id of removed) if (!this.#added.has(id)) this.#removed.add(id);
      throw error;
    }
  }

  async #read(): Promise<void> {
    const seen = await this.directory.read(this.#revisions, this.storeClock.nowMs());
    const live = new Set(seen.map(({ id }) => id));
    for (const { id, revision, connections } of seen) {
      this.#revisions.set(id, revision);
      if (id === REPLICA) this.#removeStored(connections ?? []);
      else if (connections !== null) this.#take(id, connections);
    }
    for (const id of this.#revisions.keys()) {
      if (live.has(id)) continue;
      this.#revisions.delete(id);
      if (id !== REPLICA) this.#take(id, []);
    }
  }

  /** Removes stored connections that have ended here: a write that got no answer in time may store one after it ended. */
  #removeStored(connections: readonly BotConnection[]): void {
    const left = connections.filter(({ id }) => !this.connected.has(id));
    for (const { id } of left) this.#removed.add(id);
    if (left.length > 0) this.#writeSoon();
  }

  #take(replicaId: string, connections: readonly BotConnection[]): void {
    const ids = new Set(connections.map(({ id }) => id));
    for (const { id, replicaId: holder } of this.connected.list())
      if (holder === replicaId && !ids.has(id)) this.connected.remove(id);
    for (const connection of connections) this.connected.add(connection);
  }

  /** Writes one line at WARN when trouble begins, and DEBUG lines until it is over. */
  #sayTrouble(err: unknown): void {
    this.log[this.#isTroubled ? 'debug' : 'warn']({ err }, 'stream.directory_failed');
    this.#isTroubled = true;
  }
}

/** Leaves out fields that are derived, such as `endpoint`. */
function toStored(connection: BotConnection): BotConnection {
  const { id, replicaId, botId, clientId, openKfIds, placedAtMs, connectedAtMs, address, agent } = connection;
  return { id, replicaId, botId, clientId, openKfIds, placedAtMs, connectedAtMs, address, agent };
}
