/** What customers are shown at the local WeCom, when, and which calls are made for whom. Times are `performance.now()`. */
import type { CallRecord } from '../../../packages/simulator/api/call-log.js';
import type { ChatMessage } from '../../../packages/simulator/corp/chat.js';
import type { Simulator } from '../../../packages/simulator/simulator.js';
import { until } from '../drain.js';

/** A text of the bot or of the manager: for a customer both are the account. */
export interface Shown {
  readonly text: string;
  readonly atMs: number;
}

/** WeCom's answer to a bot's reply while people have the customer. */
export const NOT_WITH_BOT = 95_018;
const STATE_POOL = 2;

export class Conversations {
  /** How often each API was called. */
  readonly calls = new Map<string, number>();
  /** When WeCom answered a call that moved the customer to the pool. */
  readonly toPoolAtMs = new Map<string, number>();
  /** Replies that WeCom refused because of people. */
  refused = 0;
  readonly #shown = new Map<string, Shown[]>();

  constructor({ corp, calls }: Simulator) {
    corp.chat.onMessage = (message) => this.#look(message);
    calls.onChange = (call) => this.#count(call);
  }

  shownTo(customer: string): readonly Shown[] {
    return this.#shown.get(customer) ?? [];
  }

  /** @returns false when it was not shown in time. */
  whenShown(customer: string, text: string, limitMs: number): Promise<boolean> {
    return until(() => this.shownTo(customer).some((shown) => shown.text === text), limitMs);
  }

  #look({ from, externalUserId, body }: ChatMessage): void {
    if (from !== 'bot') return;
    const { content, head_content: head } = body;
    const shown = { text: String(content ?? head), atMs: performance.now() };
    this.#shown.set(externalUserId, [...this.shownTo(externalUserId), shown]);
  }

  #count({ api, errcode, request }: CallRecord): void {
    this.calls.set(api, (this.calls.get(api) ?? 0) + 1);
    if (api === 'kf/send_msg' && errcode === NOT_WITH_BOT) this.refused++;
    if (api !== 'kf/service_state/trans' || errcode !== 0) return;
    const asked = JSON.parse(request) as { readonly external_userid: string; readonly service_state: number };
    if (asked.service_state === STATE_POOL) this.toPoolAtMs.set(asked.external_userid, performance.now());
  }
}
