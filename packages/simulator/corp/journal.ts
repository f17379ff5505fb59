/** What sync_msg gives of one kf account (94670): the last three days, in order. Reading takes nothing away. */
import { Refused } from '../api/answers.js';

/** 3 customer, 4 system (events), 5 servicer in WeCom's own client. */
export type Origin = 3 | 4 | 5;

/** With the names that it has on the wire. */
export interface SyncMessage {
  readonly msgid: string;
  /** Not of an event, which has its ids in its body. */
  readonly open_kfid?: string;
  readonly external_userid?: string;
  /** Epoch seconds. */
  readonly send_time: number;
  readonly origin: Origin;
  readonly servicer_userid?: string;
  readonly msgtype: string;
  readonly [body: string]: unknown;
}

export interface JournalPage {
  readonly messages: readonly SyncMessage[];
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

const KEPT_MS = 3 * 86_400_000;

export class Journal {
  #entries: { readonly position: number; readonly atMs: number; readonly message: SyncMessage }[] = [];
  #next: number;

  /** Positions begin with the time, so that a cursor of an earlier run stands before all of this one. */
  constructor(startedAtMs: number) {
    this.#next = startedAtMs;
  }

  append(message: SyncMessage, atMs: number): void {
    this.#entries.push({ position: this.#next++, atMs, message });
  }

  /**
   * @param cursor `''` is the oldest message that is still kept.
   * @param repeated how many messages before the cursor are given once more; they count for no `limit`.
   * @throws Refused when the cursor is none of this account.
   */
  read(openKfId: string, cursor: string, limit: number, nowMs: number, repeated = 0): JournalPage {
    this.#entries = this.#entries.filter(({ atMs }) => nowMs - atMs < KEPT_MS);
    const from = cursor === '' ? 0 : positionOf(openKfId, cursor);
    const rest = this.#entries.filter(({ position }) => position >= from);
    const page = rest.slice(0, limit);
    const before = this.#entries.length - rest.length;
    const again = this.#entries.slice(Math.max(0, before - repeated), before);
    const after = (page.at(-1)?.position ?? this.#next - 1) + 1;
    return {
      messages: [...again, ...page].map(({ message }) => message),
      nextCursor: cursorOf(openKfId, after),
      hasMore: rest.length > page.length,
    };
  }
}

/** At most 64 bytes, and nothing that a client could make sense of. */
function cursorOf(openKfId: string, position: number): string {
  return Buffer.from(`${openKfId.slice(-8)}:${position}`).toString('base64url');
}

function positionOf(openKfId: string, cursor: string): number {
  const [account, position] = Buffer.from(cursor, 'base64url').toString('latin1').split(':');
  const at = Number(position);
  if (account !== openKfId.slice(-8) || !Number.isSafeInteger(at)) throw new Refused(40058, 'invalid cursor');
  return at;
}
