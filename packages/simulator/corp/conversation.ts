/**
 * One customer with one kf account: whose turn it is (service_state, 94669) and how much may still be sent to
 * them (send_msg, 94677). Knows nothing of messages.
 */
import { Refused } from '../api/answers.js';

/** 0 not handled, 1 assistant, 2 waiting for a servicer, 3 a servicer, 4 ended or not begun. */
export type ServiceState = 0 | 1 | 2 | 3 | 4;

const SESSION_MS = 48 * 3_600_000;
const MESSAGES_PER_CUSTOMER_MESSAGE = 5;

/** Into which states the API may move a session, as the table of 94669 has it. */
const TRANSITIONS: Readonly<Record<ServiceState, readonly ServiceState[]>> = {
  0: [1, 2, 3],
  1: [2, 3],
  2: [3],
  3: [3, 4],
  4: [],
};

export class Conversation {
  servicerUserid: string | null = null;
  /** Of the customer's entering; `null` when they never did. */
  entered: { readonly atMs: number; readonly scene: string; readonly sceneParam: string } | null = null;
  #state: ServiceState = 4;
  #writtenAtMs: number | null = null;
  /** When a customer or a servicer last kept the session open. */
  #keptOpenAtMs: number | null = null;
  #welcomedAtMs: number | null = null;
  #sent = 0;

  constructor(
    readonly openKfId: string,
    readonly externalUserId: string,
  ) {}

  /** A session ends by itself after 48 h. */
  state(nowMs: number): ServiceState {
    return isRecent(this.#keptOpenAtMs, nowMs) ? this.#state : 4;
  }

  /** Within the last 48 h. */
  hasWritten(nowMs: number): boolean {
    return isRecent(this.#writtenAtMs, nowMs);
  }

  /** Whether batchget still knows the customer: they came in or wrote within the last 48 h. */
  isKnown(nowMs: number): boolean {
    return this.hasWritten(nowMs) || isRecent(this.entered?.atMs ?? null, nowMs);
  }

  /** A welcome code is given to who was not welcomed and did not write within the last 48 h. */
  mayBeWelcomed(nowMs: number): boolean {
    return !this.hasWritten(nowMs) && !isRecent(this.#welcomedAtMs, nowMs);
  }

  welcome(nowMs: number): void {
    this.#welcomedAtMs = nowMs;
  }

  /** The customer writes: an ended session begins anew, and five messages may be sent again. */
  write(nowMs: number): void {
    if (this.state(nowMs) === 4) this.moveTo(0);
    this.#writtenAtMs = nowMs;
    this.#keptOpenAtMs = nowMs;
    this.#sent = 0;
  }

  /** How many messages may be sent until the customer writes again. */
  sendsLeft(nowMs: number): number {
    return this.hasWritten(nowMs) ? MESSAGES_PER_CUSTOMER_MESSAGE - this.#sent : 0;
  }

  /** When the time for sending ends, epoch milliseconds; `null` when the customer never wrote. */
  get sendableUntilMs(): number | null {
    return this.#writtenAtMs === null ? null : this.#writtenAtMs + SESSION_MS;
  }

  /** @throws Refused when no message may be sent now; nothing has changed. */
  send(nowMs: number): void {
    if (this.#writtenAtMs === null) throw new Refused(95001);
    if (!this.hasWritten(nowMs)) throw new Refused(95002);
    if (this.state(nowMs) > 1) throw new Refused(95018);
    if (this.#sent >= MESSAGES_PER_CUSTOMER_MESSAGE) throw new Refused(95001);
    this.#sent += 1;
  }

  /** As the API does. @throws Refused when that state cannot follow the present one. */
  transit(to: ServiceState, servicerUserid: string | null, nowMs: number): void {
    const from = this.state(nowMs);
    if (from === 4) throw new Refused(95013);
    if (!TRANSITIONS[from].includes(to)) throw new Refused(95016);
    this.moveTo(to, servicerUserid);
  }

  /** As a servicer does in WeCom itself. */
  moveTo(state: ServiceState, servicerUserid: string | null = null): void {
    this.#state = state;
    this.servicerUserid = state === 3 ? servicerUserid : null;
  }

  /** A servicer writes in an ended session. The bot may still not: that takes the customer. */
  reopen(servicerUserid: string, nowMs: number): void {
    this.#keptOpenAtMs = nowMs;
    this.moveTo(3, servicerUserid);
  }
}

function isRecent(atMs: number | null, nowMs: number): boolean {
  return atMs !== null && nowMs - atMs < SESSION_MS;
}
