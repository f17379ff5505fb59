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

/** After so long without a renewal a replica counts as dead, and its connections as gone. */
const LEASE_MS = 10_000;
const ROUND_MS = 1_000;
/** Rounds from one renewal to the next. */
const RENEW_ROUNDS = 3;
/** What changes within it is written together. */
const GATHER_MS = 5;
const NOTICE_LIMIT_MS = 1_000;
/** What others are told at once. With more they look into the store. */
const NOTICE_CHARS_MAX = 32_768;
/** How long a replica that cannot be reached counts as dead before its lease says so. */
const DOUBT_MS = 5_000;

export const NOTICES = '/puppetWxkfManager/replicas/notices';

/** A change of a replica's connections, for others that know the one before. */
export interface Notice {
  readonly replicaId: string;
  /** Of its connections after the change. */
  readonly revision: number;
  readonly added: readonly BotConnection[];
  readonly removed: readonly string[];
}

/** Keeps what all replicas know of each other's connections equal, by the store and by notices. */
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

  /** What this process has is forgotten by the others. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#gathering?.cancel();
    // A write that is under way would leave what nobody forgets.
    await this.#writes.run().catch(() => {});
    await this.directory.leave(this.own.id).catch((err: unknown) => this.#sayTrouble(err));
    this.#notify(null);
  }

  /** Whether clients may connect to another one. */
  get hasOthers(): boolean {
    return this.#others.size > 0;
  }

  /** `null` for this process, and for one that is not known. */
  find(id: string): StreamReplica | null {
    return this.#others.get(id) ?? null;
  }

  /** It cannot be reached: others take what was for its connections, until it is known to be there. */
  doubt(id: string): void {
    if (!this.#others.delete(id)) return;
    this.#doubtedUntilMs.set(id, this.clock.elapsedMs() + DOUBT_MS);
    this.#forgetConnections(id);
  }

  /** Another replica has written. What does not follow what is known is read from the store. */
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
      // What counts as known is what was there before, so all of it is read.
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

  /** Where there is one process, nobody is told, and nothing is kept for that. */
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
      // Later changes of the same connection count.
      for (const [id, connection] of added)
        if (!this.#removed.has(id) && !this.#added.has(id)) this.#added.set(id, connection);
      for (const id of removed) if (!this.#added.has(id)) this.#removed.add(id);
      throw error;
    }
    this.#notify(revision === null ? null : { ...change, revision });
  }

  /** Whoever does not get it reads within a second. */
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

  /** A write that got no answer in time may store a connection when that has left, which others would take for theirs. */
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

  /** At its beginning, and not at every try. */
  #sayTrouble(err: unknown): void {
    this.log[this.#isTroubled ? 'debug' : 'warn']({ err }, 'stream.directory_failed');
    this.#isTroubled = true;
  }
}

/** Without what is derived. */
function toStored(connection: BotConnection): BotConnection {
  const { id, replicaId, botId, clientId, openKfIds, placedAtMs, connectedAtMs, address, agent } = connection;
  return { id, replicaId, botId, clientId, openKfIds, placedAtMs, connectedAtMs, address, agent };
}
