/** How much may be under way at a time, for each key on its own. Whoever has waited longest is next. */
export class Places {
  readonly #rooms = new Map<string, Room>();

  /** Whether who takes a place has to wait for it. @param max may differ from call to call: the latest counts at once. */
  areTaken(key: string, max: number): boolean {
    const room = this.#rooms.get(key);
    if (room === undefined) return false;
    room.max = max;
    letIn(room);
    return room.taken >= max;
  }

  /**
   * @param signal ends the waiting; left out where it never does.
   * @returns a function that gives the place back; `null` where the waiting was ended.
   */
  take(key: string, max: number): Promise<() => void>;
  take(key: string, max: number, signal: AbortSignal): Promise<(() => void) | null>;
  async take(key: string, max: number, signal?: AbortSignal): Promise<(() => void) | null> {
    const room = this.#rooms.get(key) ?? { max, taken: 0, waiting: [] };
    this.#rooms.set(key, room);
    room.max = max;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const enter = (): void => resolve(true);
    room.waiting.push(enter);
    signal?.addEventListener('abort', () => {
      const n = room.waiting.indexOf(enter);
      if (n < 0) return;
      room.waiting.splice(n, 1);
      resolve(false);
    });
    letIn(room);
    if (!(await promise)) return null;
    return () => {
      room.taken--;
      letIn(room);
      if (room.taken === 0) this.#rooms.delete(key);
    };
  }
}

interface Room {
  max: number;
  taken: number;
  readonly waiting: (() => void)[];
}

function letIn(room: Room): void {
  for (const next of room.waiting.splice(0, Math.max(0, room.max - room.taken))) {
    room.taken++;
    next();
  }
}
