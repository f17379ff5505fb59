import type { ApiAnswer } from './answers.js';
import type { ApiCall } from './api-call.js';

/** One call of the API, as the page shows it. Access tokens and secrets stand in the query, which is left out. */
export interface CallRecord {
  readonly id: number;
  readonly atMs: number;
  readonly tookMs: number;
  readonly method: string;
  readonly api: string;
  /** Name of the app whose Secret or access token it has; `''` where there is none. */
  readonly app: string;
  readonly errcode: number;
  readonly errmsg: string;
  /** The beginning of what was sent; empty of a file. */
  readonly request: string;
  /** The beginning of the answer, without an access token. */
  readonly answer: string;
}

const KEPT = 100;
const SHOWN_CHARS = 2_000;

export class CallLog {
  /** Newest last. */
  readonly records: CallRecord[] = [];
  onChange: (record: CallRecord) => void = () => {};
  #lastId = 0;

  add(call: ApiCall, answer: ApiAnswer, app: string, atMs: number, tookMs: number): void {
    this.#lastId += 1;
    const { method, api, body } = call;
    const isJson = !api.startsWith('media/');
    const record: CallRecord = {
      id: this.#lastId,
      atMs,
      tookMs: Math.round(tookMs),
      method,
      api,
      app,
      errcode: answer.errcode,
      errmsg: answer.errmsg,
      request: isJson ? body.toString('utf8', 0, SHOWN_CHARS) : '',
      answer: JSON.stringify(answer, withoutToken).slice(0, SHOWN_CHARS),
    };
    this.records.push(record);
    if (this.records.length > KEPT) this.records.shift();
    this.onChange(record);
  }
}

function withoutToken(name: string, value: unknown): unknown {
  return name === 'access_token' ? '***' : value;
}
