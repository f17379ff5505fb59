/** A corp of the WeCom that `messages` runs against, and its accounts with all that customers wrote to them. */
import { randomBytes } from 'node:crypto';
import { Refused } from '../../../packages/simulator/api/answers.js';
import { Journal, type JournalPage, type SyncMessage } from '../../../packages/simulator/corp/journal.js';
import { newApp, newOpenKfId, type WecomApp } from '../../../test/support/wecom.js';

/**
 * `busy`: errcode -1. `limited`: 45009, after which the manager leaves the corp alone for a minute. `fails`: HTTP 500.
 * `hangs`: no answer.
 */
export type Trouble = 'busy' | 'limited' | 'fails' | 'hangs';

const ORIGIN_CUSTOMER = 3;

export class KfAccount {
  readonly openKfId = newOpenKfId();
  /** The n-th has the number n + 1 as its text. */
  readonly messages: SyncMessage[] = [];
  readonly #journal = new Journal(Date.now());
  /** Cursors that it accepts. */
  readonly #cursors = new Set<string>();

  constructor(readonly corp: KfCorp) {}

  /** A customer writes the next number. */
  write(customer: string): SyncMessage {
    const number = this.messages.length + 1;
    const nowMs = Date.now();
    const message: SyncMessage = {
      msgid: `${number}-${this.openKfId}`,
      open_kfid: this.openKfId,
      external_userid: `wm${this.openKfId.slice(-8)}${customer}`,
      send_time: Math.floor(nowMs / 1_000),
      origin: ORIGIN_CUSTOMER,
      msgtype: 'text',
      text: { content: String(number) },
    };
    this.messages.push(message);
    this.#journal.append(message, nowMs);
    return message;
  }

  /**
   * What `kf/sync_msg` gives.
   * @param repeated how many messages before the cursor are given once more.
   * @throws Refused when the cursor is none that was given, or no longer accepted.
   */
  page(cursor: string, limit: number, repeated: number): JournalPage {
    if (cursor !== '' && !this.#cursors.has(cursor)) throw new Refused(40058, 'invalid cursor');
    const page = this.#journal.read(this.openKfId, cursor, limit, Date.now());
    this.#cursors.add(page.nextCursor);
    const [first] = page.messages;
    const before = first === undefined ? this.messages.length : numberOf(first) - 1;
    const again = this.messages.slice(Math.max(0, before - repeated), before);
    return { ...page, messages: [...again, ...page.messages] };
  }

  refuseCursors(): void {
    this.#cursors.clear();
  }
}

export class KfCorp {
  readonly app: WecomApp = newApp();
  readonly corpSecret = randomBytes(24).toString('base64url');
  readonly accounts: readonly KfAccount[];
  trouble: Trouble | null = null;
  /** How many messages before its cursor each page repeats. */
  repeated = 0;

  constructor(accounts: number) {
    this.accounts = Array.from({ length: accounts }, () => new KfAccount(this));
  }
}

/** Of a message of this corp: its place among those of its account, counted from 1. */
export function numberOf({ text }: { readonly [body: string]: unknown }): number {
  return Number((text as { content?: unknown } | undefined)?.content);
}
