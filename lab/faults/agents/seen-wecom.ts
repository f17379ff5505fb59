/** What the local WeCom shows to customers, and which calls of `kf/send_msg` it refuses. */
import type { CallRecord } from '../../../packages/simulator/api/call-log.js';
import type { Simulator } from '../../../packages/simulator/simulator.js';

/** A text of the account. */
export interface Shown {
  readonly openKfId: string;
  readonly customer: string;
  readonly text: string;
}

export class SeenWecom {
  readonly #refused = new Map<string, Map<number, number>>();

  constructor({ corp, calls }: Simulator, onShown: (shown: Shown) => void) {
    corp.chat.onMessage = ({ from, openKfId, externalUserId: customer, body }) => {
      if (from === 'bot') onShown({ openKfId, customer, text: String(body.content) });
    };
    calls.onChange = (call) => this.#count(call);
  }

  /** How often texts of the account were refused, by errcode. */
  refusedOf(openKfId: string): ReadonlyMap<number, number> {
    return this.#refused.get(openKfId) ?? new Map();
  }

  #count({ api, errcode, request }: CallRecord): void {
    if (api !== 'kf/send_msg' || errcode === 0) return;
    // Of a long text the beginning is there.
    const openKfId = /"open_kfid":"([^"]+)"/.exec(request)?.[1] ?? '';
    const counts = this.#refused.get(openKfId) ?? new Map<number, number>();
    this.#refused.set(openKfId, counts.set(errcode, (counts.get(errcode) ?? 0) + 1));
  }
}
