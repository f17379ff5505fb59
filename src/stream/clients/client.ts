import type { Clock } from '../../kernel/clock.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import { type AccountRole, type GoawayReason, HEARTBEAT_S, type ManagerFrame } from '../protocol/frames.js';
import { EventsUnderWay, type FrameSink } from './events-under-way.js';

/** Why a connection ended. `lost`: the client or the network ended it. */
export type ClientEnd = GoawayReason | 'lost' | 'silent' | 'invalid';

/** Carries frames to one client. */
export interface Wire extends FrameSink {
  /** Sends a frame that is not an event. */
  tell(frame: ManagerFrame): void;
  /** Ends the connection. `Client.lost` follows, at once or when the other side has closed it. */
  close(why: ClientEnd): void;
}

/** A client that may stay connected while its key is valid. */
export interface AdmittedClient {
  readonly connection: BotConnection;
  readonly corpId: string;
  /** Whether the client also wants events as WeCom's callbacks. */
  readonly wantsCallbacks: boolean;
  /** Whether the client's key is valid now. */
  isStillAllowed(): boolean;
}

/** A client of a bot that is connected to this process. */
export class Client {
  readonly underWay: EventsUnderWay;
  #why: ClientEnd | null = null;
  #isReady = false;
  #isLost = false;

  constructor(
    readonly admitted: AdmittedClient,
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

  /** Sends the first frame. */
  ready(ackMs: number, accounts: readonly AccountRole[]): void {
    this.#isReady = true;
    this.wire.tell({ type: 'ready', heartbeatS: HEARTBEAT_S, ackMs, accounts });
  }

  /** Sends a change of role. A change before `ready` is not sent, since the frame `ready` has it. */
  tellRole(role: AccountRole): void {
    if (this.#isReady) this.wire.tell({ type: 'role', ...role });
  }

  /** Asks the client to leave. The connection stays open; `end` ends it. */
  goAway(reason: GoawayReason, reconnectAfterMs: number): void {
    this.wire.tell({ type: 'goaway', reason, reconnectAfterMs });
  }

  end(why: ClientEnd): void {
    if (this.#isLost) return;
    this.#why ??= why;
    this.wire.close(why);
    // A slow client gets no frame and sends none any more, so its events are due again at once.
    if (why === 'slow') this.lost();
  }

  /**
   * Ends the client's events: those that it has not acknowledged are due again.
   * @param isTooLong whether the client closed the connection because a frame was too long for it.
   */
  lost(isTooLong = false): void {
    if (this.#isLost) return;
    this.#isLost = true;
    if (isTooLong) this.underWay.lostToLength();
    else this.underWay.lost();
    this.onLost(this, this.#why ?? 'lost');
  }
}
