/**
 * Stands for a service that answers for an agent, in each form: for tests, and to see an agent at work without an account anywhere.
 * It answers at once with what it was asked, unless it is told to be slow, to fail or to break off.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomText } from '../random-text.js';
import { readBody } from '../read-body.js';
import {
  type Asked,
  type FormOfService,
  type Reply,
  SERVICE_FORMS,
  type ServiceForm,
  type ServiceRefusal,
  SERVICES,
} from './service-forms.js';

export const STAND_IN_KEY = 'stand-in-key';
const BODY_BYTES_MAX = 1_048_576;

/** What the stand-in does wrong. */
export interface ServiceFaults {
  /** How long it waits before it answers, milliseconds. */
  delayMs: () => number;
  /** One in so many questions is refused with an error of the service; 0 for none. */
  failOneIn: number;
  /** One in so many streams is closed in the middle; 0 for none. */
  cutOneIn: number;
  /** Every question is refused so. */
  refusal: ServiceRefusal | null;
  /** Answers come as JSON, and not as a stream. */
  isJson: boolean;
  /** It knows no conversation that was begun before. */
  forgets: boolean;
  /** Whether it closes the connection of this question without a word. */
  hangsUpOn: (asked: Asked) => boolean;
  /** Whether what stands before it, such as a firewall, answers this question with 403. */
  forbids: (asked: Asked) => boolean;
}

export interface StandInOptions {
  /** Left out: any that is free. */
  readonly port?: number;
  /** Left out: it repeats the question. */
  readonly answer?: (asked: Asked) => string;
  /** Runs `run` after so many milliseconds. Left out: the system's timer. */
  readonly after?: (ms: number, run: () => void) => void;
}

export class StandInService {
  /** Of all questions, the oldest first. */
  readonly asked: Asked[] = [];
  readonly faults: ServiceFaults = {
    delayMs: () => 0,
    failOneIn: 0,
    cutOneIn: 0,
    refusal: null,
    isJson: false,
    forgets: false,
    hangsUpOn: () => false,
    forbids: () => false,
  };
  /** Questions that wait for their answers now, and the most that ever did. */
  underWay = 0;
  underWayMax = 0;
  readonly #conversations = new Set<string>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });

  private constructor(private readonly options: StandInOptions) {}

  static async start(options: StandInOptions = {}): Promise<StandInService> {
    const service = new StandInService(options);
    service.#server.listen(options.port ?? 0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  /** The base of the API of this form, as a bot's `agent.url` has it. */
  urlOf(form: ServiceForm): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${SERVICES[form].base}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const form = SERVICE_FORMS.find((one) => url.pathname === SERVICES[one].base + SERVICES[one].path);
    if (form === undefined || request.method !== 'POST') return void response.writeHead(404).end();
    const body = await readBody(request, BODY_BYTES_MAX);
    if (body === null) return void response.writeHead(413).end();
    const asked = SERVICES[form].read(JSON.parse(body.toString('utf8')), url.searchParams);
    this.asked.push(asked);
    const number = this.asked.length;
    this.underWayMax = Math.max(this.underWayMax, ++this.underWay);
    try {
      await this.#wait(this.faults.delayMs());
      if (this.faults.hangsUpOn(asked)) return void response.destroy();
      if (this.faults.forbids(asked)) return void response.writeHead(403).end();
      this.#answer(SERVICES[form], asked, number, request.headers.authorization ?? '', response);
    } finally {
      this.underWay--;
    }
  }

  #answer(
    form: FormOfService,
    asked: Asked,
    number: number,
    authorization: string,
    response: ServerResponse,
  ) {
    const { faults } = this;
    const isUnknown = form.base !== '/fastgpt/api/v1' && !this.#conversations.has(asked.conversationId);
    const refusal =
      authorization === `Bearer ${STAND_IN_KEY}`
        ? (faults.refusal ??
          (isOneIn(number, faults.failOneIn) ? 'error' : null) ??
          (asked.conversationId !== '' && (faults.forgets || isUnknown) ? 'conversation' : null))
        : 'key';
    if (refusal !== null)
      return sendJson(response, form.refusals[refusal].status, form.refusals[refusal].body);
    const reply = this.#replyTo(asked);
    if (faults.isJson) return sendJson(response, 200, form.json(reply));
    const events = form.stream(reply);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    if (!isOneIn(number, faults.cutOneIn)) return response.end(events.join(''));
    response.write(events.slice(0, Math.ceil(events.length / 2)).join(''), () => response.destroy());
  }

  #replyTo(asked: Asked): Reply {
    const conversationId = asked.conversationId || `conversation-${randomText(16)}`;
    this.#conversations.add(conversationId);
    const text = this.options.answer?.(asked) ?? asked.text;
    return { text, conversationId, tokens: 10 + text.length };
  }

  #wait(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    const { after = (delayMs, run) => void setTimeout(run, delayMs).unref() } = this.options;
    return new Promise((resolve) => after(ms, resolve));
  }
}

function isOneIn(number: number, count: number): boolean {
  return count > 0 && number % count === 0;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
