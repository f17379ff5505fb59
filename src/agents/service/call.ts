/** One question to a service, and its answer: JSON, or server-sent events. */
import { createParser } from 'eventsource-parser';
import type { Dispatcher as Undici } from 'undici';
import type { ConnectionPool } from '../../http/outgoing/connection-pools.js';
import { proxyFaultOf } from '../../http/outgoing/forward-proxy.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import { Turns } from '../../kernel/turns.js';
import type { AgentSettings } from '../../registry/bots/agent.dto.js';
import { readAnswer, type CustomerAnswer } from '../answer/plain-text.js';
import { type Fields, NOTHING_SAID, refused, type AgentRefusal, type PartialAnswer } from '../forms/form.js';
import { FORMS } from '../forms/forms.js';

/** Far more than a customer is sent, since a stream repeats much around each word. */
const ANSWER_BYTES_MAX = 8 * 1_024 * 1_024;
/** As many as fit into these bytes, each of 84: a chunk of OpenAI's form has twice as many, and one word. */
const EVENTS_MAX = 100_000;
/**
 * The longest JSON that is parsed, characters: some 0.1 s at worst, in which nothing else is done. An event that is longer is passed
 * over: Dify tells what each node of a workflow had and made, and none of it is for the customer.
 */
const JSON_LENGTH_MAX = 1_024 * 1_024;
/** How much of a stream is read before others have their turn: 2 ms at worst. */
const SLICE_LENGTH = 16_384;
/** What a chunk costs beside its bytes, in bytes. */
const CHUNK_COST = 64;
/** How long the rest of a stream may take after the whole answer. It may name the tokens that were used. */
const REST_MS = 1_000;
/** How many 1xx answers may precede the final one. A flood of them would block the event loop. */
const INTERIM_ANSWERS_MAX = 8;
/** A service that asks to wait longer is asked again by the usual schedule. */
const RETRY_AFTER_MAX_S = 3_600;
/** undici's and Node's codes for a kept connection that its other side had just closed. */
const CLOSED_BY_PEER = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Why no answer came, or not all of it. */
export interface BrokenCall {
  readonly stage: 'saturated' | 'withdrawn' | 'connect' | 'reset' | 'timeout';
  /** Without a word of what was said. */
  readonly reason: string;
  /** Node's or undici's code; `''` where there is none. */
  readonly code: string;
  /** Whether the service had begun to answer: then it may be the question that it cannot answer. */
  readonly hasBegun: boolean;
}

export type Answer =
  | { readonly said: PartialAnswer & CustomerAnswer }
  | { readonly refused: AgentRefusal; readonly retryAfterMs: number | null }
  | { readonly broken: BrokenCall };

/** Of all calls: one slice of one stream in each turn of the event loop. */
const turns = new Turns(1);

/** A question under way. */
export interface OpenQuestion {
  /** Never rejects. */
  readonly answer: Promise<Answer>;
  /** Gives up. @returns false when the service may have the question already: then nothing happens. */
  withdraw(): boolean;
}

export class Call implements OpenQuestion, Undici.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #done = Promise.withResolvers<Answer>();
  readonly #decoder = new TextDecoder();
  readonly #events = createParser({
    onEvent: ({ event = '', data }) => this.#onEvent(event, data),
    maxBufferSize: ANSWER_BYTES_MAX,
  });
  #deadline: Timer | null = null;
  #controller: Undici.DispatchController | null = null;
  #interimAnswers = 0;
  #status = 0;
  #isJson = false;
  #retryAfterMs: number | null = null;
  #body = '';
  #bytes = 0;
  #eventCount = 0;
  /** The part of a stream that waits for a turn. */
  #unread = '';
  /** What was read since the last turn, in bytes. */
  #readInTurn = 0;
  #isInLine = false;
  /** What is done once all is read; `null` while more may come. */
  #atEnd: (() => void) | null = null;
  #said: PartialAnswer = NOTHING_SAID;
  #isOver = false;
  #isClosed = false;
  #canSendAgain = true;

  constructor(
    private readonly pool: ConnectionPool,
    private readonly request: Undici.DispatchOptions,
    private readonly settings: Pick<AgentSettings, 'form' | 'timeoutMs' | 'handOverMark'>,
    private readonly clock: Clock,
  ) {
    this.answer = this.#done.promise;
  }

  /** Call it once. @returns itself. */
  send(): this {
    const { pool, clock, settings } = this;
    if (pool.isFull) {
      this.#break('saturated', 'too many questions wait for this service');
      return this;
    }
    this.#deadline = clock.after(settings.timeoutMs, () => this.#late());
    pool.begin();
    pool.send(this.request, this);
    return this;
  }

  withdraw(): boolean {
    if (this.#controller !== null) return false;
    this.#break('withdrawn', 'no free connection in time');
    return true;
  }

  onRequestStart(controller: Undici.DispatchController): void {
    // To throw drops the request alone; an abort would close the connection, too.
    if (this.#isOver) throw new Error('given up');
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Undici.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#canSendAgain = false;
    if (status < 200) {
      if (++this.#interimAnswers > INTERIM_ANSWERS_MAX) this.#break('reset', 'too many answers of 1xx');
      return;
    }
    this.#status = status;
    this.#isJson = !isWell(status) || String(headers['content-type'] ?? '').includes('json');
    const retryAfterS = Number(headers['retry-after']);
    if (retryAfterS > 0 && retryAfterS <= RETRY_AFTER_MAX_S) this.#retryAfterMs = retryAfterS * 1_000;
  }

  onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) return this.#break('reset', 'the answer is longer than 8 MB');
    const text = this.#decoder.decode(chunk, { stream: true });
    if (this.#isJson) return this.#addJson(text);
    this.#readInTurn += chunk.length + CHUNK_COST;
    if (!this.#isInLine && this.#readInTurn <= SLICE_LENGTH) return this.#events.feed(text);
    this.#unread += text;
    controller.pause();
    if (!this.#isInLine) void this.#readByTurns(controller);
  }

  onResponseEnd(): void {
    this.#controller = null;
    this.#whenRead(() => this.#ended());
    this.#close();
  }

  onResponseError(_controller: Undici.DispatchController, error: Error & { code?: string }): void {
    const code = error.code ?? '';
    if (this.#canSendAgain && !this.#isOver && this.#controller !== null && CLOSED_BY_PEER.has(code)) {
      this.#canSendAgain = false;
      this.pool.send(this.request, this);
      return;
    }
    const isUnseen = this.#controller === null;
    const fault = proxyFaultOf(this.pool.proxy, error);
    this.#whenRead(() => {
      if (this.#said.isWhole) this.#finish();
      else if (isUnseen) this.#break('connect', fault ?? `no connection (${code || error.message})`, code);
      else this.#break('reset', `the connection broke (${code || 'unknown'})`, code);
    });
    this.#close();
  }

  /** More may come meanwhile: undici gives what it had read before the pause, and all that is left once the service has closed. */
  async #readByTurns(controller: Undici.DispatchController): Promise<void> {
    this.#isInLine = true;
    do {
      await turns.next();
      const slice = this.#unread.slice(0, SLICE_LENGTH);
      this.#unread = this.#unread.slice(SLICE_LENGTH);
      this.#readInTurn = slice.length;
      this.#events.feed(slice);
    } while (this.#unread !== '' && !this.#isOver);
    this.#isInLine = false;
    if (this.#atEnd === null) controller.resume();
    else this.#whenRead(this.#atEnd);
  }

  #whenRead(run: () => void): void {
    if (this.#isInLine) this.#atEnd = run;
    else if (!this.#isOver) run();
  }

  #addJson(text: string): void {
    this.#body += text;
    if (this.#body.length > JSON_LENGTH_MAX) this.#break('reset', 'the answer in JSON is longer than 1 MB');
  }

  #onEvent(event: string, data: string): void {
    if (this.#isOver) return;
    if (++this.#eventCount > EVENTS_MAX)
      return this.#break('reset', 'the answer has more than 100,000 events');
    if (data.length > JSON_LENGTH_MAX) return;
    const isObject = /^\s*\{/.test(data);
    const fields = isObject ? parseFields(data) : null;
    // To pass over each of them would cost an error of JSON.parse each, and what it said would be left out of the answer.
    if (isObject && fields === null) return this.#break('reset', 'an event of the stream is no JSON');
    const wasWhole = this.#said.isWhole;
    this.#said = FORMS[this.settings.form].afterEvent(this.#said, event, fields, data);
    if (this.#said.refused !== null) this.#finish();
    else if (this.#said.isWhole && !wasWhole) {
      this.#deadline?.cancel();
      this.#deadline = this.clock.after(REST_MS, () => this.#finish());
    }
  }

  #ended(): void {
    this.#body += this.#decoder.decode();
    if (!this.#isJson) {
      this.#events.reset({ consume: true });
      if (this.#isOver) return;
      if (this.#said.isWhole) return this.#finish();
      return this.#break('reset', 'the stream ended before the answer was whole');
    }
    const fields = parseFields(this.#body);
    if (!isWell(this.#status)) {
      const why = FORMS[this.settings.form].refusedBy(this.#status, fields);
      return this.#settle({ refused: why, retryAfterMs: this.#retryAfterMs });
    }
    if (fields === null) return this.#break('reset', 'the answer is neither JSON nor a stream of events');
    this.#said = FORMS[this.settings.form].ofJson(fields);
    this.#finish();
  }

  /** Settles with what was said so far. */
  #finish(): void {
    const { text, refused: why, isWhole } = this.#said;
    const words = readAnswer(text, this.settings.handOverMark);
    if (why !== null) this.#settle({ refused: why, retryAfterMs: null });
    else if (words.text === '' && !words.handsOver)
      this.#settle({ refused: refused('empty', null, 200), retryAfterMs: null });
    else if (isWhole) this.#settle({ said: { ...this.#said, ...words } });
    else this.#break('reset', 'the service did not say that its answer is whole');
  }

  #late(): void {
    const within = `within ${this.settings.timeoutMs / 1_000} s`;
    if (this.#controller === null) this.#break('connect', `no connection ${within}`);
    else this.#break('timeout', `no complete answer ${within}`);
  }

  #break(stage: BrokenCall['stage'], reason: string, code = ''): void {
    this.#settle({ broken: { stage, reason, code, hasBegun: isWell(this.#status) } });
  }

  #settle(answer: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#done.resolve(answer);
    this.#body = '';
    this.#controller?.abort(new Error('the answer is decided'));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.pool.end();
  }
}

function isWell(status: number): boolean {
  return status >= 200 && status < 300;
}

function parseFields(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}
