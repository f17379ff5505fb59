import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import {
  type BotConnection,
  ConnectedBots,
  type ConnectionWatch,
} from '../../registry/bots/connected-bots.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { OwnReplica } from './own-replica.js';
import { ReplicaClient } from './replica-client.js';
import { type SeenReplica, StreamDirectory, type StreamReplica } from './stream-directory.js';

/** A replica that does not renew its lease within this time counts as dead, and its connections as gone. */
const LEASE_MS = 10_000;
const ROUND_MS = 1_000;
/** Rounds from one renewal to the next. */
const RENEW_ROUNDS = 3;
/** Changes within this time are written together. */
const GATHER_MS = 5;
const NOTICE_LIMIT_MS = 1_000;
/** The longest notice. A longer one is sent empty, and the other replicas read the store. */
const NOTICE_CHARS_MAX = 32_768;
/** How long a replica that could not be reached counts as dead although its lease runs. */
const DOUBT_MS = 5_000;

export const NOTICES = '/puppetWxkfManager/replicas/notices';

/** A change of a replica's connections. Only replicas that know the revision before can use it. */
export interface Notice {
  readonly replicaId: string;
  /** The revision of the replica's connections after the change. */
  readonly revision: number;
  readonly added: readonly BotConnection[];
  readonly removed: readonly string[];
}

/** Tells all replicas which connections the others have. Changes are written to the store and sent as notices. */
@Injectable()
export class ReplicaSync implements ConnectionWatch {
  readonly #others = new Map<string, SeenReplica>();
  readonly #doubtedUntilMs = new Map<string, number>();
  readonly #reads = new SerialRuns(() => this.#read());
  readonly #writes = new SerialRuns(() => this.#write());
  #added = new Map<string, BotConnection>();
  #removed = new Set<string>();
  #isHeld = false;
  #isRunning = false;
  #isTroubled = false;
  #round = 0;
  #timer: Timer | null = null;
  #gathering: Timer | null = null;

  constructor(
    private readonly directory: StreamDirectory,
    private readonly calls: ReplicaClient,
    private readonly connected: ConnectedBots,
    private readonly own: OwnReplica,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    connected.watch(this);
  }

  /** Call it once this process can be reached. */
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
    await this.directory.leave(this.own.id).catch((err: unknown) => this.#sayTrouble(err));
    this.#notify(null);
  }

  /** Whether there are other replicas to which clients may connect. */
  get hasOthers(): boolean {
    return this.#others.size > 0;
  }

  /** @returns `null` for this process and for an unknown replica. */
  find(id: string): StreamReplica | null {
    return this.#others.get(id) ?? null;
  }

  /** Call it when the replica cannot be reached. Other connections get its events until it is seen again. */
  doubt(id: string): void {
    if (!this.#others.delete(id)) return;
    this.#doubtedUntilMs.set(id, this.clock.elapsedMs() + DOUBT_MS);
    this.#forgetConnections(id);
  }

  /** Takes another replica's notice. If the notice does not follow the known revision, the store is read. */
  async noticed(notice: Partial<Notice> | null): Promise<void> {
    if (!this.#follow(notice ?? {})) await this.#reads.run();
  }

  #follow({ replicaId = '', revision, added, removed }: Partial<Notice>): boolean {
    const known = this.#others.get(replicaId);
    if (known === undefined || revision !== known.revision + 1) return false;
    try {
      for (const id of removed ?? []) this.connected.remove(id);
      for (const connection of added ?? []) this.connected.add(connection);
    } catch (err) {
      // The known revision stays the one before, so that the next read brings all connections.
      this.#sayTrouble(err);
      return false;
    }
    this.#others.set(replicaId, { ...known, revision });
    return true;
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
  #isTold({ replicaId }: BotConnection): boolean {
    return this.directory.isShared && replicaId === this.own.id;
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
      if (!this.#isHeld || this.#round++ % RENEW_ROUNDS === 0) await this.#hold();
      if (this.#added.size > 0 || this.#removed.size > 0) await this.#writes.run();
      await this.#reads.run();
      this.#isTroubled = false;
    } catch (err) {
      this.#sayTrouble(err);
    }
    if (this.#isRunning) this.#timer = this.clock.after(ROUND_MS, () => void this.#runRound());
  }

  async #hold(): Promise<void> {
    const wasKnown = await this.directory.hold(this.own, this.storeClock.nowMs() + LEASE_MS);
    this.#isHeld = true;
    if (wasKnown) return;
    for (const connection of this.connected.list())
      if (connection.replicaId === this.own.id) this.#added.set(connection.id, connection);
  }

  async #write(): Promise<void> {
    if (!this.#isHeld) await this.#hold();
    const [added, removed] = [this.#added, this.#removed];
    this.#added = new Map();
    this.#removed = new Set();
    const change = {
      replicaId: this.own.id,
      added: [...added.values()].map(toStored),
      removed: [...removed],
    };
    let revision: number | null;
    try {
      revision = await this.directory.change(change.replicaId, change.added, change.removed);
    } catch (error) {
      // The failed changes are written again, unless the connection has changed since.
      for (const [id, connection] of added)
        if (!this.#removed.has(id) && !this.#added.has(id)) this.#added.set(id, connection);
      for (const id of removed) if (!this.#added.has(id)) this.#removed.add(id);
      throw error;
    }
    this.#notify(revision === null ? null : { ...change, revision });
  }

  /** A replica that does not get the notice reads the store within a second. */
  #notify(notice: Notice | null): void {
    const isShort = notice !== null && JSON.stringify(notice).length <= NOTICE_CHARS_MAX;
    for (const other of this.#others.values())
      this.calls.call(other, NOTICES, isShort ? notice : {}, NOTICE_LIMIT_MS).catch(() => {});
  }

  async #read(): Promise<void> {
    const known = new Map([...this.#others].map(([id, { revision }]) => [id, revision]));
    const seen = await this.directory.read(known, this.storeClock.nowMs());
    const nowMs = this.clock.elapsedMs();
    const live = new Set<string>();
    for (const replica of seen) {
      if (replica.id === this.own.id) this.#removeStored(replica.connections ?? []);
      if (replica.id === this.own.id || nowMs < (this.#doubtedUntilMs.get(replica.id) ?? 0)) continue;
      live.add(replica.id);
      // A notice came while the store was asked.
      if (this.#others.get(replica.id)?.revision !== known.get(replica.id)) continue;
      this.#others.set(replica.id, replica);
      if (replica.connections !== null) this.#take(replica.id, replica.connections);
    }
    for (const id of this.#others.keys()) {
      if (live.has(id)) continue;
      this.#others.delete(id);
      this.#forgetConnections(id);
    }
    for (const [id, untilMs] of this.#doubtedUntilMs) if (nowMs >= untilMs) this.#doubtedUntilMs.delete(id);
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

  #forgetConnections(replicaId: string): void {
    for (const { id, replicaId: holder } of this.connected.list())
      if (holder === replicaId) this.connected.remove(id);
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
