/** A corp of the WeCom that `messages` runs against, a local WeCom of its own, with all that customers wrote to its accounts. */
import { type Simulator, startSimulator } from '../../../packages/simulator/simulator.js';
import type { CallbackRecord } from '../../../packages/simulator/callbacks/callback-record.js';
import type { WecomApp } from '../../../test/support/wecom.js';

/** What the local WeCom does meanwhile. `limited`: the manager leaves the corp alone for a minute. */
export const TROUBLES = {
  busy: { apiBusy: true },
  limited: { apiLimited: true },
  fails: { apiFails: true },
  hangs: { apiHangs: true },
  cursors: { refuseCursors: true },
  repeats: { repeatedMessages: 40 },
} as const;
export type Trouble = keyof typeof TROUBLES;

export class KfAccount {
  /** The n-th message has n as its text. */
  written = 0;
  /** How many were written when an event was sent that was answered 200. */
  told = 0;
  #lastMsgid = '';
  /** Of those of which WeCom is telling. */
  readonly numbers = new Map<string, number>();

  constructor(
    readonly corp: KfCorp,
    readonly openKfId: string,
  ) {}

  /** A customer writes the next number, and WeCom tells of it. @returns its msgid. */
  write(externalUserId: string): string {
    this.#lastMsgid = this.corp.wecom.say(String(++this.written), {
      openKfId: this.openKfId,
      externalUserId,
    });
    this.numbers.set(this.#lastMsgid, this.written);
    return this.#lastMsgid;
  }

  /** WeCom tells of the last one once more. */
  tellAgain(): void {
    this.numbers.set(this.#lastMsgid, this.written);
    this.corp.wecom.corp.onNews(this.openKfId, this.#lastMsgid);
  }
}

export class KfCorp {
  readonly accounts: readonly KfAccount[];
  /** Callbacks that were sent, and those of them that were answered 200. */
  sent = 0;
  accepted = 0;
  /** Calls that were answered otherwise than with errcode 0, or not at all. */
  spoilt = 0;
  readonly #underWay = new Set<number>();

  private constructor(readonly wecom: Simulator) {
    this.accounts = wecom.accounts.map(({ openKfId }) => new KfAccount(this, openKfId));
    wecom.callbacks.onChange = (record) => this.#note(record);
  }

  static async open(accounts: number, customers: number): Promise<KfCorp> {
    const names = (count: number) => Array.from({ length: count }, (_, n) => String(n));
    return new KfCorp(await startSimulator({ accounts: names(accounts), customers: names(customers) }));
  }

  get app(): WecomApp {
    const { token, encodingAESKey } = this.wecom.callback;
    return { corpId: this.wecom.corpId, token, encodingAESKey };
  }

  get corpSecret(): string {
    return this.wecom.corpSecret;
  }

  /** No callback is on its way, or is to be sent again. */
  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  #note({ id, openKfId, msgid, state, attempts }: CallbackRecord): void {
    if (state === 'running') return void this.#underWay.add(id);
    this.#underWay.delete(id);
    this.sent += attempts.length;
    const account = this.accounts.find((one) => one.openKfId === openKfId);
    if (account === undefined) return;
    if (state === 'taken') {
      this.accepted++;
      account.told = Math.max(account.told, account.numbers.get(msgid) ?? 0);
    }
    account.numbers.delete(msgid);
  }
}

/** Of a message of this corp: its place among those of its account, counted from 1. */
export function numberOf({ text }: { readonly [body: string]: unknown }): number {
  return Number((text as { content?: unknown } | undefined)?.content);
}
