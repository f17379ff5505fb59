import { setTimeout as sleep } from 'node:timers/promises';
import type { EventFrame } from '../../stream/protocol/frames.js';
import { Connection, type Departure, type Target } from './connection.js';

const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 30_000;

export interface LinkListener {
  connected(frame: { readonly ackMs: number; readonly accounts: readonly object[] }): void;
  /** @param waitMs until the next try. */
  interrupted(reason: string, waitMs: number): void;
  event(frame: EventFrame, connection: Connection): void;
}

/** Keeps one connection to a manager. If the manager announces that it ends one, the next connection begins before that. */
export class Link {
  readonly #open = new Set<Connection>();
  #failures = 0;

  constructor(
    private readonly target: Target,
    private readonly listener: LinkListener,
  ) {}

  /** @returns why no further connection makes sense, or `null` when it was stopped; connections are still open then. */
  async run(stop: AbortSignal): Promise<Departure | null> {
    const stopped = new Promise<null>((resolve) => {
      stop.addEventListener('abort', () => resolve(null));
    });
    for (;;) {
      const leaving = await Promise.race([this.#connect(stop).leaving, stopped]);
      if (leaving === null || leaving.why !== 'later') return leaving;
      const waitMs = leaving.afterMs ?? this.#nextWaitMs();
      this.listener.interrupted(leaving.reason, waitMs);
      await sleep(waitMs, undefined, { signal: stop }).catch(() => {});
      if (stop.aborted) return null;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.close()));
  }

  #connect(stop: AbortSignal): Connection {
    const connection = new Connection(this.target, {
      ready: (frame) => {
        this.#failures = 0;
        this.listener.connected(frame);
      },
      event: (frame, from) => {
        // After a stop no event is taken. The manager sends it again, elsewhere or later.
        if (!stop.aborted) this.listener.event(frame, from);
      },
    });
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
    return connection;
  }

  #nextWaitMs(): number {
    const waitMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** this.#failures++);
    return Math.round(waitMs * (0.5 + Math.random()));
  }
}
