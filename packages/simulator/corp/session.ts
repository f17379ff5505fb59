/**
 * The session of one customer with one kf account: whose turn it is (service_state, 94669), which act of a servicer is told
 * as what (session_status_change, 94670), and how much a bot may still send (94677). `step` is a function from session to
 * session: it knows no clock, no message and no other session.
 */
import { Refused } from '../api/answers.js';

/** 0 not handled, 1 assistant, 2 waiting in the pool, 3 a servicer, 4 ended or not begun. */
export type ServiceState = 0 | 1 | 2 | 3 | 4;

/** What a code of send_msg_on_event is given for: entering, waiting in the pool, a servicer takes over, the end. */
export type Scene = 'welcome' | 'waiting' | 'taken' | 'ended';

export interface Session {
  readonly state: ServiceState;
  /** Since when it is in that state, epoch milliseconds. */
  readonly sinceMs: number;
  /** Who has the customer; `null` in every state but 3. */
  readonly servicerUserid: string | null;
  /** Who has had the customer since the session began, the last one at the end. */
  readonly servicerUserids: readonly string[];
  readonly entered: { readonly atMs: number; readonly scene: string; readonly sceneParam: string } | null;
  /** Of the customer's last message. */
  readonly writtenAtMs: number | null;
  /** When a customer or a servicer last kept the session open. */
  readonly keptOpenAtMs: number | null;
  readonly welcomedAtMs: number | null;
  /** Messages of the bot since the customer's last one. */
  readonly sent: number;
}

export type Act =
  | { readonly type: 'customerEnters'; readonly scene: string; readonly sceneParam: string }
  | { readonly type: 'customerWrites' }
  | { readonly type: 'welcome' }
  | { readonly type: 'botSends' }
  /** By the API. `servicerUserid` belongs to state 3. */
  | { readonly type: 'transfer'; readonly to: ServiceState; readonly servicerUserid: string | null }
  /** By a servicer in WeCom's own client, `servicerUserid` being who does it, or to whom it is handed over. */
  | { readonly type: 'take' | 'handOver' | 'servicerWrites' | 'end'; readonly servicerUserid: string };

/** The fields of session_status_change: 1 taken, 2 handed over, 3 ended, 4 taken up again. */
export interface Change {
  readonly change_type: 1 | 2 | 3 | 4;
  readonly old_servicer_userid?: string;
  readonly new_servicer_userid?: string;
}

export interface Step {
  readonly session: Session;
  /** A code for it comes with this step. */
  readonly codeFor?: Scene;
  /** What sync_msg tells of it. Moving a session by the API is told nowhere. */
  readonly change?: Change;
}

const SESSION_MS = 48 * 3_600_000;
const MESSAGES_PER_CUSTOMER_MESSAGE = 5;

/** Into which states the API may move a session, as the table of 94669 has it. */
const TRANSFERS: Readonly<Record<ServiceState, readonly ServiceState[]>> = {
  0: [1, 2, 3],
  1: [2, 3],
  2: [3],
  3: [3, 4],
  4: [],
};
const CODE_OF_TRANSFER: Readonly<Partial<Record<ServiceState, Scene>>> = {
  2: 'waiting',
  3: 'taken',
  4: 'ended',
};

export const NEW_SESSION: Session = {
  state: 4,
  sinceMs: 0,
  servicerUserid: null,
  servicerUserids: [],
  entered: null,
  writtenAtMs: null,
  keptOpenAtMs: null,
  welcomedAtMs: null,
  sent: 0,
};

/** The session now: it ends by itself after 48 h. */
export function sessionAt(session: Session, nowMs: number): Session {
  if (session.state === 4 || isRecent(session.keptOpenAtMs, nowMs)) return session;
  return moved(session, 4, (session.keptOpenAtMs ?? 0) + SESSION_MS);
}

/** @throws Refused when that cannot be done in the present state; nothing has changed. */
export function step(before: Session, act: Act, nowMs: number): Step {
  const session = sessionAt(before, nowMs);
  switch (act.type) {
    case 'customerEnters':
      return entered(session, act, nowMs);
    case 'customerWrites':
      return { session: written(session, nowMs) };
    case 'welcome':
      return { session: { ...session, welcomedAtMs: nowMs } };
    case 'botSends':
      return { session: sent(session, nowMs) };
    case 'transfer':
      return transferred(session, act.to, act.servicerUserid, nowMs);
    case 'take':
      return taken(session, act.servicerUserid, nowMs);
    case 'handOver':
      return handedOver(session, act.servicerUserid, nowMs);
    case 'servicerWrites':
      return servicerWrote(session, act.servicerUserid, nowMs);
    case 'end':
      return ended(session, act.servicerUserid, nowMs);
  }
}

/** Within the last 48 h. */
export function hasWritten({ writtenAtMs }: Session, nowMs: number): boolean {
  return isRecent(writtenAtMs, nowMs);
}

/** Whether batchget still knows the customer: they came in or wrote within the last 48 h. */
export function isKnown(session: Session, nowMs: number): boolean {
  return hasWritten(session, nowMs) || isRecent(session.entered?.atMs ?? null, nowMs);
}

/** How many messages may be sent until the customer writes again, whatever the state. */
export function sendsLeft(session: Session, nowMs: number): number {
  return hasWritten(session, nowMs) ? MESSAGES_PER_CUSTOMER_MESSAGE - session.sent : 0;
}

/** When the time for sending ends, epoch milliseconds; `null` when the customer never wrote. */
export function sendableUntilMs({ writtenAtMs }: Session): number | null {
  return writtenAtMs === null ? null : writtenAtMs + SESSION_MS;
}

/** Whoever was not welcomed and did not write within the last 48 h gets a welcome code (94670). */
function entered(
  session: Session,
  { scene, sceneParam }: Act & { type: 'customerEnters' },
  nowMs: number,
): Step {
  const mayBeWelcomed = !hasWritten(session, nowMs) && !isRecent(session.welcomedAtMs, nowMs);
  return {
    session: { ...session, entered: { atMs: nowMs, scene, sceneParam } },
    ...(mayBeWelcomed && { codeFor: 'welcome' }),
  };
}

/** An ended session begins anew, and five messages may be sent again. */
function written(session: Session, nowMs: number): Session {
  const open = session.state === 4 ? { ...moved(session, 0, nowMs), servicerUserids: [] } : session;
  return { ...open, writtenAtMs: nowMs, keptOpenAtMs: nowMs, sent: 0 };
}

/** Only in the states 0 and 1, five within 48 h of the customer's message (94677). */
function sent(session: Session, nowMs: number): Session {
  if (session.writtenAtMs === null) throw new Refused(95001);
  if (!hasWritten(session, nowMs)) throw new Refused(95002);
  if (session.state > 1) throw new Refused(95018);
  if (sendsLeft(session, nowMs) <= 0) throw new Refused(95001);
  return { ...session, sent: session.sent + 1 };
}

/** A code comes with the first change into 2 or 3, and with the end (msg_code of 94669): none for a colleague (3 to 3). */
function transferred(session: Session, to: ServiceState, servicerUserid: string | null, nowMs: number): Step {
  const { state: from } = session;
  if (from === 4) throw new Refused(95013);
  if (!TRANSFERS[from].includes(to)) throw new Refused(95016);
  if (servicerUserid !== null && servicerUserid === session.servicerUserid) throw new Refused(95016);
  const codeFor = from === to ? undefined : CODE_OF_TRANSFER[to];
  return { session: moved(session, to, nowMs, servicerUserid), ...(codeFor !== undefined && { codeFor }) };
}

/** From the pool, or from the bot. */
function taken(session: Session, servicerUserid: string, nowMs: number): Step {
  if (session.state === 4) throw new Refused(95013);
  if (session.state === 3) throw new Refused(95016);
  return {
    session: moved(session, 3, nowMs, servicerUserid),
    codeFor: 'taken',
    change: { change_type: 1, new_servicer_userid: servicerUserid },
  };
}

function handedOver(session: Session, to: string, nowMs: number): Step {
  const { servicerUserid: from } = session;
  if (from === null || from === to) throw new Refused(95016);
  return {
    session: moved(session, 3, nowMs, to),
    change: { change_type: 2, old_servicer_userid: from, new_servicer_userid: to },
  };
}

/**
 * Whoever has the customer writes. Writing takes up again what is ended, and what the writer has handed over (change_type 4
 * of 94670): the bot may then send nothing.
 */
function servicerWrote(session: Session, servicerUserid: string, nowMs: number): Step {
  const { state, servicerUserid: present, servicerUserids } = session;
  if (state === 3 && present === servicerUserid) return { session };
  if (state !== 4 && (state !== 3 || !servicerUserids.includes(servicerUserid))) throw new Refused(95018);
  const old = servicerUserids.at(-1);
  return {
    session: { ...moved(session, 3, nowMs, servicerUserid), keptOpenAtMs: nowMs },
    change: {
      change_type: 4,
      ...(old !== undefined && { old_servicer_userid: old }),
      new_servicer_userid: servicerUserid,
    },
  };
}

function ended(session: Session, servicerUserid: string, nowMs: number): Step {
  if (session.servicerUserid !== servicerUserid) throw new Refused(95016);
  return {
    session: moved(session, 4, nowMs),
    codeFor: 'ended',
    change: { change_type: 3, old_servicer_userid: servicerUserid },
  };
}

function moved(
  session: Session,
  state: ServiceState,
  sinceMs: number,
  servicerUserid: string | null = null,
): Session {
  const servicerUserids =
    servicerUserid === null ? session.servicerUserids : [...session.servicerUserids, servicerUserid];
  return { ...session, state, sinceMs, servicerUserid, servicerUserids };
}

function isRecent(atMs: number | null, nowMs: number): boolean {
  return atMs !== null && nowMs - atMs < SESSION_MS;
}
