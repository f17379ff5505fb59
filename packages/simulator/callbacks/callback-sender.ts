/**
 * Sends events to the callback URLs as WeCom does (90238, 90930): an answer that is not a 200 within 5 s is a failure,
 * and is followed by up to three re-sends. Each is encrypted anew; the event inside, Token included, stays the same.
 */
import type { Clock } from '../clock.js';
import type { App } from '../corp/app.js';
import type { Faults } from '../faults.js';
import type { CallbackAttempt, CallbackRecord } from './callback-record.js';
import { type CallbackConfig, withQuery } from './callback-url.js';
import { exchange, type Outcome } from './http-exchange.js';
import { kfMessageXml, sealCallback } from './sealing.js';

const CUT_MS = 5_000;
const ATTEMPTS = 4;
const KEPT = 50;

export class CallbackSender {
  /** Newest last. */
  readonly records: CallbackRecord[] = [];
  onChange: (record: CallbackRecord) => void = () => {};
  #lastId = 0;

  constructor(
    private readonly corpId: string,
    private readonly faults: Readonly<Faults>,
    private readonly clock: Clock,
    private readonly closing: AbortSignal,
  ) {}

  /** Tells the app that the account has something new. Does nothing while it has saved no callback URL. */
  notify({ name: app, saved: config }: App, openKfId: string, syncToken: string, msgid: string): void {
    if (config === null) return;
    const message = kfMessageXml({ corpId: this.corpId }, openKfId, syncToken, this.#nowS());
    const news = { app, openKfId, syncToken, msgid };
    const copies = this.faults.duplicateCallbacks ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) void this.#deliver(this.#record(news), config, message);
  }

  #record(news: Pick<CallbackRecord, 'app' | 'openKfId' | 'syncToken' | 'msgid'>): CallbackRecord {
    this.#lastId += 1;
    const state = this.faults.dropCallbacks ? 'dropped' : 'running';
    const record: CallbackRecord = {
      id: this.#lastId,
      ...news,
      atMs: this.clock.nowMs(),
      attempts: [],
      state,
    };
    this.records.push(record);
    if (this.records.length > KEPT) this.records.shift();
    this.onChange(record);
    return record;
  }

  async #deliver(record: CallbackRecord, config: CallbackConfig, message: string): Promise<void> {
    if (record.state === 'dropped') return;
    if (this.faults.callbackDelayMs > 0) await this.#sleep(this.faults.callbackDelayMs);
    for (let number = 1; number <= ATTEMPTS && !this.closing.aborted; number += 1) {
      const startedMs = this.clock.elapsedMs();
      const attempt = await this.#attempt(number, config, message);
      record.attempts.push(attempt);
      if (attempt.outcome === 'taken') record.state = 'taken';
      else if (number === ATTEMPTS) record.state = 'given-up';
      this.onChange(record);
      if (record.state !== 'running') return;
      await this.#sleep(startedMs + CUT_MS - this.clock.elapsedMs());
    }
  }

  async #attempt(number: number, config: CallbackConfig, message: string): Promise<CallbackAttempt> {
    const startedAtMs = this.clock.nowMs();
    const startedMs = this.clock.elapsedMs();
    const sealed = sealCallback({ corpId: this.corpId, ...config }, message, this.corpId, this.#nowS());
    const outcome = await exchange(
      {
        url: withQuery(new URL(config.url), sealed.query),
        method: 'POST',
        headers: { 'Content-Type': 'text/xml' },
        body: sealed.body,
        timeoutMs: CUT_MS,
      },
      this.clock,
      this.closing,
    );
    const tookMs = Math.round(this.clock.elapsedMs() - startedMs);
    return { number, startedAtMs, tookMs, ...judge(outcome) };
  }

  /** What still sleeps when the simulator ends does not go on. */
  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.clock.after(ms, resolve));
  }

  #nowS(): number {
    return Math.floor(this.clock.nowMs() / 1_000);
  }
}

function judge(outcome: Outcome): Pick<CallbackAttempt, 'outcome' | 'status' | 'detail'> {
  if (outcome.kind === 'cut') return { outcome: 'cut', status: null, detail: 'no answer within 5 s' };
  if (outcome.kind === 'failed') return { outcome: 'failed', status: null, detail: outcome.reason };
  const { status, body } = outcome;
  return { outcome: status === 200 ? 'taken' : 'bad-status', status, detail: body.slice(0, 200) };
}
