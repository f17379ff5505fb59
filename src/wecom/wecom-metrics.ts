import { Injectable } from '@nestjs/common';
import { Clock, SystemClock } from '../kernel/clock.js';
import { UP_TO_5_S, UP_TO_60_S } from '../metrics/bounds.js';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics } from '../metrics/metrics.js';
import type { Observations } from '../metrics/observations.js';
import { COUNTED_ERRCODES } from './wecom-answer.js';
import { type SeenError, WECOM_OPERATIONS, WecomErrors, type WecomOperation } from './wecom-errors.js';

/** How a request for an access token ended. */
const TOKEN_RESULTS = ['memory', 'store', 'upstream', 'refused', 'invalid', 'unreachable', 'failed'] as const;
export type TokenResult = (typeof TOKEN_RESULTS)[number];

/** How a token request to WeCom ended, whichever caller waits for it. */
const INQUIRY_RESULTS = ['granted', 'refused', 'unreachable'] as const;
export type InquiryResult = (typeof INQUIRY_RESULTS)[number];

/** How a proxied call ended: with WeCom's answer, whatever it says, or where it failed. */
const CALL_RESULTS = [
  'answered',
  'limited',
  'refused',
  'unreachable',
  'broken',
  'aborted',
  'failed',
] as const;
export type CallResult = (typeof CALL_RESULTS)[number];

/** Answers with an error. Callers and gateways can have any number answered, so the others are counted together. */
interface Errors {
  readonly known: ReadonlyMap<number, Count>;
  readonly other: Count;
}

/** Counts requests to WeCom and their results since the start, for the metrics and for `/health`. */
@Injectable()
export class WecomMetrics {
  readonly #tokens: Record<TokenResult, Count>;
  readonly #inquiries: Record<InquiryResult, Observations>;
  readonly #calls: Record<CallResult, Observations>;
  readonly #errors: Record<WecomOperation, Errors>;
  readonly #seen: WecomErrors;

  constructor(metrics: Metrics, clock: Clock = new SystemClock()) {
    this.#seen = new WecomErrors(clock);
    const tokens = metrics.counter<'source'>(
      'wxkf_token_requests_total',
      'Requests for an access token, by its source or by why there was none.',
    );
    this.#tokens = byValue(TOKEN_RESULTS, (source) => tokens({ source }));
    const inquiries = metrics.histogram<'result'>(
      'wxkf_token_inquiry_duration_seconds',
      'Requests for an access token to WeCom or the gateway in its place, retries included.',
      UP_TO_5_S,
    );
    this.#inquiries = byValue(INQUIRY_RESULTS, (result) => inquiries({ result }));
    const calls = metrics.histogram<'result'>(
      'wxkf_proxy_call_duration_seconds',
      'Proxied calls, from the request head to the last byte of the answer.',
      UP_TO_60_S,
    );
    this.#calls = byValue(CALL_RESULTS, (result) => calls({ result }));
    const errors = metrics.counter<'operation' | 'errcode'>(
      'wxkf_wecom_errors_total',
      'Answers of WeCom with an errcode other than 0.',
    );
    this.#errors = byValue(WECOM_OPERATIONS, (operation) => ({
      known: new Map(COUNTED_ERRCODES.map((code) => [code, errors({ operation, errcode: String(code) })])),
      other: errors({ operation, errcode: 'other' }),
    }));
  }

  tokenAnswered(source: TokenResult): void {
    this.#tokens[source].add();
  }

  inquiryEnded(result: InquiryResult, seconds: number): void {
    this.#inquiries[result].observe(seconds);
  }

  callEnded(result: CallResult, seconds: number): void {
    this.#calls[result].observe(seconds);
  }

  /** @param errcode `null` where the answer has none, or is too long for an error. */
  answered(operation: WecomOperation, errcode: number | null): void {
    if (errcode === null || errcode === 0) return;
    const { known, other } = this.#errors[operation];
    (known.get(errcode) ?? other).add();
    this.#seen.add(operation, errcode);
  }

  /** The manager answered so in WeCom's name, or once more what WeCom had said before. */
  answeredHere(operation: WecomOperation, errcode: number): void {
    this.#seen.add(operation, errcode);
  }

  get errors(): readonly SeenError[] {
    return this.#seen.list();
  }

  toJSON() {
    return {
      tokens: byValue(TOKEN_RESULTS, (source) => this.#tokens[source].value),
      questions: byValue(INQUIRY_RESULTS, (result) => this.#inquiries[result].count),
      calls: byValue(CALL_RESULTS, (result) => this.#calls[result].count),
    };
  }
}
