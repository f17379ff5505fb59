/** What the local WeCom shows to customers, and which calls of `kf/send_msg` it refuses. */
import type { Simulator } from '../../../packages/simulator/simulator.js';

/** A text of the account. */
export interface Shown {
  readonly openKfId: string;
  readonly customer: string;
  readonly text: string;
}

export class SeenWecom {
  readonly #refused = new Map<string, Map<number, number>>();
  #lastMsgid = '';
  #lastCall = 0;

  constructor(
    wecom: Simulator,
    private readonly onShown: (shown: Shown) => void,
  ) {
    // It keeps the newest ones alone, and tells of each.
    wecom.corp.onChange = () => this.#look(wecom);
    wecom.calls.onChange = () => this.#count(wecom);
  }

  /** How often texts of the account were refused, by errcode. */
  refusedOf(openKfId: string): ReadonlyMap<number, number> {
    return this.#refused.get(openKfId) ?? new Map();
  }

  #look({ corp }: Simulator): void {
    const last = corp.chat.messages.at(-1);
    if (last === undefined || last.msgid === this.#lastMsgid) return;
    this.#lastMsgid = last.msgid;
    const { from, openKfId, externalUserId: customer, body } = last;
    if (from === 'bot') this.onShown({ openKfId, customer, text: String(body.content) });
  }

  #count({ calls }: Simulator): void {
    const last = calls.records.at(-1);
    if (last === undefined || last.id === this.#lastCall) return;
    this.#lastCall = last.id;
    const { api, errcode, request } = last;
    if (api !== 'kf/send_msg' || errcode === 0) return;
    // Of a long text the beginning is there.
    const openKfId = /"open_kfid":"([^"]+)"/.exec(request)?.[1] ?? '';
    const counts = this.#refused.get(openKfId) ?? new Map<number, number>();
    this.#refused.set(openKfId, counts.set(errcode, (counts.get(errcode) ?? 0) + 1));
  }
}
