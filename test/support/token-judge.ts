import { answer, type Behaviour } from './wecom-faults.js';

/** Without a valid sync token so many times within a minute: then no pull of the corp is answered for a minute. */
const WRONG_MAX = 10;
const MINUTE_MS = 60_000;

/** WeCom as it judges the sync tokens of pulls, for `wecom.behave('kf/sync_msg', …)`; in the reading that forgives least. */
export class TokenJudge {
  /** By token, the account. Those that were sent within ten minutes. */
  readonly #valid = new Map<string, string>();
  /** When pulls came without a valid one, by `Date.now()`. */
  #wrongMs: number[] = [];
  #blockedUntilMs = 0;

  give(token: string, openKfId: string): void {
    this.#valid.set(token, openKfId);
  }

  readonly behaviour: Behaviour = (exchange) => {
    const { token, open_kfid: openKfId } = JSON.parse(exchange.call.text ?? '{}') as Record<string, string>;
    const nowMs = Date.now();
    if (this.#valid.get(token ?? '') !== openKfId || openKfId === undefined) this.#countWrong(nowMs);
    if (nowMs < this.#blockedUntilMs) answer(45009)(exchange);
    else exchange.usual();
  };

  #countWrong(nowMs: number): void {
    this.#wrongMs = [...this.#wrongMs.filter((atMs) => nowMs - atMs < MINUTE_MS), nowMs];
    if (this.#wrongMs.length < WRONG_MAX) return;
    this.#wrongMs = [];
    this.#blockedUntilMs = nowMs + MINUTE_MS;
  }
}
