import { Injectable } from '@nestjs/common';
import { REPLICA } from '../../kernel/replica.js';
import { type Endpoint, streamEndpointOf, streamsAt } from '../endpoint/endpoint.js';

/** A stream that a client of a bot has opened to take events, at this replica or another. */
export interface BotConnection {
  readonly id: string;
  /** The replica that has it. */
  readonly replicaId: string;
  readonly botId: string;
  /** The same over all connections of one client. */
  readonly clientId: string;
  /** The accounts that the client asked for; `null` for all of the bot. */
  readonly openKfIds: readonly string[] | null;
  /** Its place in the order: the first one is active. A client that connects again keeps its place. Store time. */
  readonly placedAtMs: number;
  /** Store time. */
  readonly connectedAtMs: number;
  /** The peer's address. */
  readonly address: string;
  /** The peer's `User-Agent`. */
  readonly agent: string;
}

/** A connection with its endpoint, which is derived once. */
export interface KnownConnection extends BotConnection {
  readonly endpoint: Endpoint;
}

/** An account whose events another connection takes from now on. */
export interface MovedAccount {
  readonly botId: string;
  /** `ALL` for the accounts that no connection names. */
  readonly openKfId: string;
  readonly from: KnownConnection | null;
  readonly to: KnownConnection | null;
}

/** Is called for each change, in the same turn of the event loop. */
export interface ConnectionWatch {
  came?(connection: KnownConnection): void;
  left?(connection: KnownConnection): void;
  moved?(moved: MovedAccount): void;
  /** Its client has connected again. `left` was called before. */
  replaced?(connection: KnownConnection): void;
}

/** Whether this process has it. */
export function isHere({ replicaId }: Pick<BotConnection, 'replicaId'>): boolean {
  return replicaId === REPLICA;
}

/** Stands for all accounts of the bot that no connection names. */
export const ALL = '*';

/** The connections of one bot. Lists are short: one client, and perhaps a standby. */
class Connections {
  /** Those that name no accounts, the first one first. */
  readonly all: KnownConnection[] = [];
  readonly byAccount = new Map<string, KnownConnection[]>();

  activeOf(openKfId: string): KnownConnection | null {
    const [one] = this.byAccount.get(openKfId) ?? [];
    const [other] = this.all;
    if (one === undefined || other === undefined) return one ?? other ?? null;
    return isBefore(one, other) ? one : other;
  }

  get isEmpty(): boolean {
    return this.all.length === 0 && this.byAccount.size === 0;
  }
}

/**
 * The open streams of bots, at all replicas, in memory. Several may take the events of one account: the one that came first is
 * active, and the others stand by.
 */
@Injectable()
export class ConnectedBots {
  readonly #connections = new Map<string, KnownConnection>();
  readonly #byBot = new Map<string, Connections>();
  /** The latest connection of each client. */
  readonly #byClient = new Map<string, KnownConnection>();
  /** How many connections each replica has. */
  readonly #byReplica = new Map<string, number>();
  readonly #watches: ConnectionWatch[] = [];

  watch(watch: ConnectionWatch): void {
    this.#watches.push(watch);
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Whether this process has any. */
  get hasOwn(): boolean {
    return this.#byReplica.has(REPLICA);
  }

  /** How the endpoints end of the streams that other replicas have: see `streamsAt`. They alone claim what waits there. */
  get elsewhere(): readonly string[] {
    return [...this.#byReplica.keys()].filter((id) => id !== REPLICA).map(streamsAt);
  }

  /** How many connections the bot has. */
  countOf(botId: string): number {
    const { all, byAccount } = this.#byBot.get(botId) ?? new Connections();
    return new Set([...all, ...[...byAccount.values()].flat()]).size;
  }

  /** How many accounts the bot's connections would name if another one named these. */
  namedBy(botId: string, openKfIds: readonly string[]): number {
    const { byAccount } = this.#byBot.get(botId) ?? new Connections();
    return byAccount.size + openKfIds.filter((openKfId) => !byAccount.has(openKfId)).length;
  }

  list(): readonly KnownConnection[] {
    return [...this.#connections.values()];
  }

  has(id: string): boolean {
    return this.#connections.has(id);
  }

  /** The connection that takes the events of the bot's account; `null` while there is none. */
  activeOf(botId: string, openKfId: string): KnownConnection | null {
    if (this.#byBot.size === 0) return null;
    return this.#byBot.get(botId)?.activeOf(openKfId) ?? null;
  }

  /** The connection that the client has now. */
  ofClient(botId: string, clientId: string): KnownConnection | null {
    return this.#byClient.get(clientKey({ botId, clientId })) ?? null;
  }

  /** The place of a new connection: behind all others of the bot, even if another replica's clock is a little ahead. */
  nextPlaceMs(botId: string, nowMs: number): number {
    const { all, byAccount } = this.#byBot.get(botId) ?? new Connections();
    let lastMs = all.at(-1)?.placedAtMs ?? 0;
    for (const list of byAccount.values()) lastMs = Math.max(lastMs, list.at(-1)?.placedAtMs ?? 0);
    return Math.max(nowMs, lastMs + 1);
  }

  /** @returns `null`, and changes nothing, for a connection that is known already or that its client has replaced since. */
  add(connection: BotConnection): KnownConnection | null {
    if (this.#connections.has(connection.id)) return null;
    const earlier = this.#byClient.get(clientKey(connection));
    if (earlier !== undefined && earlier.connectedAtMs > connection.connectedAtMs) return null;
    const { botId, clientId, replicaId } = connection;
    const known = { ...connection, endpoint: streamEndpointOf(botId, clientId, replicaId) };
    this.#change(connection.botId, [known, earlier], (connections) => {
      if (earlier !== undefined) this.#drop(earlier, connections);
      this.#put(known, connections);
    });
    if (earlier !== undefined) for (const watch of this.#watches) watch.replaced?.(earlier);
    return known;
  }

  remove(id: string): void {
    const known = this.#connections.get(id);
    if (known !== undefined)
      this.#change(known.botId, [known], (connections) => this.#drop(known, connections));
  }

  /** Tells of the accounts whose active connection is another one after the change. */
  #change(
    botId: string,
    touched: readonly (KnownConnection | undefined)[],
    change: (connections: Connections) => void,
  ): void {
    const connections = this.#byBot.get(botId) ?? new Connections();
    const accounts = new Set(touched.flatMap((one) => accountsOf(one, connections)));
    const before = [...accounts].map((openKfId) => [openKfId, connections.activeOf(openKfId)] as const);
    this.#byBot.set(botId, connections);
    change(connections);
    if (connections.isEmpty) this.#byBot.delete(botId);
    for (const [openKfId, from] of before) {
      const to = connections.activeOf(openKfId);
      if (from?.id === to?.id) continue;
      for (const watch of this.#watches) watch.moved?.({ botId, openKfId, from, to });
    }
  }

  #put(known: KnownConnection, connections: Connections): void {
    this.#connections.set(known.id, known);
    this.#count(known, 1);
    for (const watch of this.#watches) watch.came?.(known);
    this.#byClient.set(clientKey(known), known);
    for (const list of listsOf(known, connections)) {
      const at = list.findIndex((other) => isBefore(known, other));
      list.splice(at === -1 ? list.length : at, 0, known);
    }
  }

  #drop(known: KnownConnection, connections: Connections): void {
    this.#connections.delete(known.id);
    this.#count(known, -1);
    if (this.#byClient.get(clientKey(known)) === known) this.#byClient.delete(clientKey(known));
    for (const list of listsOf(known, connections)) {
      const at = list.indexOf(known);
      if (at !== -1) list.splice(at, 1);
    }
    for (const openKfId of known.openKfIds ?? [])
      if (connections.byAccount.get(openKfId)?.length === 0) connections.byAccount.delete(openKfId);
    for (const watch of this.#watches) watch.left?.(known);
  }

  #count({ replicaId }: KnownConnection, more: 1 | -1): void {
    const count = (this.#byReplica.get(replicaId) ?? 0) + more;
    if (count > 0) this.#byReplica.set(replicaId, count);
    else this.#byReplica.delete(replicaId);
  }
}

function listsOf({ openKfIds }: KnownConnection, connections: Connections): KnownConnection[][] {
  if (openKfIds === null) return [connections.all];
  return openKfIds.map((openKfId) => {
    const list = connections.byAccount.get(openKfId) ?? [];
    connections.byAccount.set(openKfId, list);
    return list;
  });
}

/** The accounts whose events may go elsewhere when the connection comes or goes. */
function accountsOf(connection: KnownConnection | undefined, { byAccount }: Connections): readonly string[] {
  if (connection === undefined) return [];
  return connection.openKfIds ?? [ALL, ...byAccount.keys()];
}

function isBefore(one: KnownConnection, other: KnownConnection): boolean {
  return one.placedAtMs === other.placedAtMs ? one.id < other.id : one.placedAtMs < other.placedAtMs;
}

function clientKey({ botId, clientId }: Pick<BotConnection, 'botId' | 'clientId'>): string {
  return `${botId} ${clientId}`;
}
