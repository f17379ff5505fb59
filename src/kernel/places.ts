/** How many may be let in: a number, or one that depends on how many of the same party are in. */
type Limit = number | ((own: number) => number);

interface Asking {
  /** Parties that wait take turns. Left out where there is only one. */
  readonly party?: string;
  /** Goes before all that is not urgent. */
  readonly isUrgent?: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** By party, in the order of turns. Within a party, whoever has waited longest is first. */
type Line = Map<string, Set<() => void>>;

interface Room {
  limit: Limit;
  taken: number;
  /** Places taken by each party. */
  readonly own: Map<string, number>;
  readonly urgent: Line;
  readonly others: Line;
}

/** Limits how much is under way at once, for each key on its own, such as a corp or a bot. Parties that wait take turns. */
export class Places {
  readonly #rooms = new Map<string, Room>();

  /** Whether who takes a place has to wait for it. @param limit may differ from call to call: the latest counts at once. */
  areTaken(key: string, limit: Limit, party = ''): boolean {
    const room = this.#rooms.get(key);
    if (room === undefined) return false;
    room.limit = limit;
    letIn(room);
    return !mayEnter(room, party);
  }

  /** Places that the party has taken, and those it waits for. */
  countOf(key: string, party = ''): number {
    const room = this.#rooms.get(key);
    if (room === undefined) return 0;
    const waiting = (room.urgent.get(party)?.size ?? 0) + (room.others.get(party)?.size ?? 0);
    return (room.own.get(party) ?? 0) + waiting;
  }

  /** @returns a function that gives the place back; call it once. @throws the signal's reason. */
  async take(key: string, limit: Limit, asking: Asking = {}): Promise<() => void> {
    const { party = '', isUrgent = false, signal } = asking;
    signal?.throwIfAborted();
    const room = this.#rooms.get(key) ?? newRoom(limit);
    this.#rooms.set(key, room);
    room.limit = limit;
    const line = isUrgent ? room.urgent : room.others;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = (line.get(party) ?? new Set()).add(resolve);
    line.set(party, waiting);
    signal?.addEventListener('abort', () => {
      if (!waiting.delete(resolve)) return;
      if (waiting.size === 0) line.delete(party);
      reject(signal.reason);
    });
    letIn(room);
    await promise;
    return () => {
      count(room, party, -1);
      letIn(room);
      if (room.taken === 0) this.#rooms.delete(key);
    };
  }
}

function newRoom(limit: Limit): Room {
  return { limit, taken: 0, own: new Map(), urgent: new Map(), others: new Map() };
}

function mayEnter({ limit, taken, own }: Room, party: string): boolean {
  return taken < (typeof limit === 'number' ? limit : limit(own.get(party) ?? 0));
}

function letIn(room: Room): void {
  while (letOneIn(room, room.urgent) || letOneIn(room, room.others));
}

function letOneIn(room: Room, line: Line): boolean {
  for (const [party, waiting] of line) {
    const [enter] = waiting;
    if (enter === undefined || !mayEnter(room, party)) continue;
    waiting.delete(enter);
    line.delete(party);
    // Its next turn comes after those of the others.
    if (waiting.size > 0) line.set(party, waiting);
    count(room, party, 1);
    enter();
    return true;
  }
  return false;
}

function count(room: Room, party: string, change: 1 | -1): void {
  room.taken += change;
  const own = (room.own.get(party) ?? 0) + change;
  if (own > 0) room.own.set(party, own);
  else room.own.delete(party);
}
