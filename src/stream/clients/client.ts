import type { Clock } from '../../kernel/clock.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import { type AccountRole, type GoawayReason, HEARTBEAT_S, type ManagerFrame } from '../protocol/frames.js';
import { EventsUnderWay, type FrameSink } from './events-under-way.js';

/** Why a connection ended; `lost` is the client's own end, or the network's. */
export type ClientEnd = GoawayReason | 'lost' | 'silent' | 'invalid';

/** What carries frames to one client. */
export interface Wire extends FrameSink {
  /** Tells the client something besides events. */
  tell(frame: ManagerFrame): void;
  /** Ends the connection. `Client.lost` follows, at once or when the other side has noticed. */
  close(why: ClientEnd): void;
}

/** A client that may go on for as long as its key counts. */
export interface Admitted {
  readonly connection: BotConnection;
  readonly corpId: string;
  /** Whether it wants events as WeCom's callbacks besides. */
  readonly wantsCallbacks: boolean;
  /** Whether its key counts now. */
  isStillAllowed(): boolean;
}

/** A client of a bot that is connected to this process. */
export class Client {
  readonly underWay: EventsUnderWay;
  #why: ClientEnd | null = null;
  #isReady = false;
  #isLost = false;

  constructor(
    readonly admitted: Admitted,
    private readonly wire: Wire,
    clock: Clock,
    /** Called once, when it is gone. */
    private readonly onLost: (client: Client, why: ClientEnd) => void,
  ) {
    this.underWay = new EventsUnderWay(wire, clock);
  }

  get id(): string {
    return this.admitted.connection.id;
  }

  get isGone(): boolean {
    return this.#isLost;
  }

  /** The first frame that it is told. */
  ready(ackMs: number, accounts: readonly AccountRole[]): void {
    this.#isReady = true;
    this.wire.tell({ type: 'ready', heartbeatS: HEARTBEAT_S, ackMs, accounts });
  }

  /** What changes before it is ready stands in that frame. */
  tellRole(role: AccountRole): void {
    if (this.#isReady) this.wire.tell({ type: 'role', ...role });
  }

  /** Says so, and goes on: see `end`. */
  goAway(reason: GoawayReason, reconnectAfterMs: number): void {
    this.wire.tell({ type: 'goaway', reason, reconnectAfterMs });
  }

  end(why: ClientEnd): void {
    if (this.#isLost) return;
    this.#why ??= why;
    this.wire.close(why);
    // It would get nothing more, and nothing more is heard of it.
    if (why === 'slow') this.lost();
  }

  /**
   * What it has not acknowledged is due again.
   * @param isTooLong it closed the connection because a frame was longer than it reads.
   */
  lost(isTooLong = false): void {
    if (this.#isLost) return;
    this.#isLost = true;
    if (isTooLong) this.underWay.lostToLength();
    else this.underWay.lost();
    this.onLost(this, this.#why ?? 'lost');
  }
}
