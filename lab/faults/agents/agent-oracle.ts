/**
 * What customers of an agent wrote, what its service was asked and what they were shown. Each question has to be answered once and in
 * the customer's order; before its answer the customer may be told once to wait. Times are `performance.now()`.
 */
import { Durations } from '../durations.js';

/** What the customer is shown while the answer takes long. */
export const FALLBACK = 'One moment, please.';
/** Two of them are too long for one message, and one is more than half of it: the answer is cut between them. */
const FILLER = 'word '.repeat(250).trim();
const PART = /^Re: (\S+) (\d)\/(\d)/;
const CUT_OFF = '…';

/** What the service says to a question, which is one word: two messages for one that ends with `long`. */
export function answerTo(question: string): string {
  if (!question.endsWith('long')) return `Re: ${question} 1/1`;
  return [1, 2].map((part) => `Re: ${question} ${part}/2 ${FILLER}`).join('\n\n');
}

/** A call of the service. */
interface Call {
  readonly atMs: number;
  readonly endMs: number;
  /** Neither refused nor broken off. */
  readonly isAnswered: boolean;
}

interface Question {
  readonly customer: string;
  readonly text: string;
  readonly atMs: number;
  /** The time at which its customer had the answer before. */
  sinceMs: number;
  readonly calls: Call[];
  /** Of its answer that were shown, as often as they were. */
  readonly parts: string[];
  answeredAtMs: number | null;
  /** When its customer was told to wait before the answer came. */
  readonly toldAtMs: number[];
  readonly whenAnswered: PromiseWithResolvers<void>;
}

export interface AgentVerdict {
  readonly questions: number;
  readonly unanswered: readonly string[];
  readonly twice: readonly string[];
  readonly outOfOrder: readonly string[];
  /** Texts that nobody wrote for that customer. */
  readonly strange: readonly string[];
  /** Answers that were cut off, since WeCom takes five messages for one of the customer's. */
  readonly cutOff: number;
  readonly toldToWait: number;
  /** Questions whose customers were told to wait more than once. */
  readonly toldAgain: readonly string[];
  /** Customers who were told to wait when they waited for nothing. */
  readonly toldInVain: readonly string[];
  /** Questions that waited longer than they should without that their customers were told so. */
  readonly untold: number;
  readonly calls: number;
  /** Calls that were refused or broken off. */
  readonly failedCalls: number;
  /** Calls that the service answered for a question that it had answered. */
  readonly repeatedCalls: number;
}

export class AgentOracle {
  /** From the question, or the answer before it, to the answer, without the time of the service: of those that were asked once. */
  readonly delaysOnce = new Durations();
  /** The same of all. */
  readonly delays = new Durations();
  readonly #questions = new Map<string, Question>();
  readonly #ofCustomers = new Map<string, Question[]>();
  readonly #outOfOrder: string[] = [];
  readonly #strange: string[] = [];
  readonly #toldInVain: string[] = [];

  get answered(): number {
    return [...this.#questions.values()].filter(({ answeredAtMs }) => answeredAtMs !== null).length;
  }

  /** @param text one word that nobody else writes. @returns when it is answered. */
  wrote(customer: string, text: string, atMs = performance.now()): Promise<void> {
    const whenAnswered = Promise.withResolvers<void>();
    const question: Question = {
      ...{ customer, text, atMs, sinceMs: atMs, calls: [], parts: [] },
      ...{ answeredAtMs: null, toldAtMs: [], whenAnswered },
    };
    this.#questions.set(text, question);
    this.#ofCustomers.set(customer, [...this.#of(customer), question]);
    return whenAnswered.promise;
  }

  /** The service was asked, and takes so long. */
  asked(text: string, tookMs: number, isAnswered: boolean, atMs = performance.now()): void {
    this.#questions.get(text)?.calls.push({ atMs, endMs: atMs + tookMs, isAnswered });
  }

  /** The customer was shown something. */
  shown(customer: string, text: string, atMs = performance.now()): void {
    if (text === FALLBACK) return this.#told(customer, atMs);
    const [, name = '', part, parts] = PART.exec(text) ?? [];
    const question = this.#questions.get(name);
    if (question?.customer !== customer || part === undefined)
      return void this.#strange.push(`${customer}: ${text.slice(0, 40)}`);
    const isCutOff = text.endsWith(CUT_OFF);
    const isNew = question.answeredAtMs === null;
    if (isNew) this.#judgeOrder(question, Number(part));
    question.parts.push(isCutOff ? `${part}${CUT_OFF}` : part);
    if (isNew && (part === parts || isCutOff)) this.#answered(question, atMs);
  }

  /** To be asked when everything had time to come. @param untoldMs how long a question may wait until its customer is told. */
  verdict(untoldMs: number): AgentVerdict {
    const all = [...this.#questions.values()];
    const named = (those: (question: Question) => boolean) => all.filter(those).map(({ text }) => text);
    const calls = all.flatMap((question) => question.calls);
    const answers = all.map((question) => question.calls.filter(({ isAnswered }) => isAnswered).length);
    return {
      questions: all.length,
      unanswered: named(({ answeredAtMs }) => answeredAtMs === null),
      twice: named(({ parts }) => new Set(parts.map((part) => part[0])).size < parts.length),
      outOfOrder: this.#outOfOrder,
      strange: this.#strange,
      cutOff: all.filter(({ parts }) => parts.some((part) => part.endsWith(CUT_OFF))).length,
      toldToWait: all.reduce((sum, { toldAtMs }) => sum + toldAtMs.length, 0) + this.#toldInVain.length,
      toldAgain: named(({ toldAtMs }) => toldAtMs.length > 1),
      toldInVain: this.#toldInVain,
      untold: all.filter(
        ({ sinceMs, answeredAtMs, toldAtMs }) =>
          answeredAtMs !== null && toldAtMs.length === 0 && answeredAtMs - sinceMs > untoldMs,
      ).length,
      calls: calls.length,
      failedCalls: calls.filter(({ isAnswered }) => !isAnswered).length,
      repeatedCalls: answers.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
    };
  }

  #judgeOrder({ customer, text, parts }: Question, part: number): void {
    const waiting = this.#waitingOf(customer)?.text;
    if (waiting !== text) this.#outOfOrder.push(`${text} before ${waiting}`);
    if (part !== parts.length + 1) this.#outOfOrder.push(`part ${part} of ${text}`);
  }

  #answered(question: Question, atMs: number): void {
    const { customer, sinceMs, calls, whenAnswered } = question;
    question.answeredAtMs = atMs;
    const delayMs = atMs - sinceMs - unionMs(calls, sinceMs, atMs);
    this.delays.add(delayMs);
    if (calls.length === 1) this.delaysOnce.add(delayMs);
    // Until then the service was not to be asked about the next one.
    const next = this.#waitingOf(customer);
    if (next !== undefined) next.sinceMs = Math.max(next.sinceMs, atMs);
    whenAnswered.resolve();
  }

  #told(customer: string, atMs: number): void {
    const waiting = this.#waitingOf(customer);
    if (waiting === undefined) this.#toldInVain.push(customer);
    else waiting.toldAtMs.push(atMs);
  }

  /** The first question without an answer. */
  #waitingOf(customer: string): Question | undefined {
    return this.#of(customer).find(({ answeredAtMs }) => answeredAtMs === null);
  }

  #of(customer: string): Question[] {
    return this.#ofCustomers.get(customer) ?? [];
  }
}

/** How long at least one of the calls was under way. */
function unionMs(calls: readonly Call[], fromMs: number, toMs: number): number {
  let sum = 0;
  let countedToMs = fromMs;
  for (const { atMs, endMs } of calls) {
    const end = Math.min(endMs, toMs);
    sum += Math.max(0, end - Math.max(atMs, countedToMs));
    countedToMs = Math.max(countedToMs, end);
  }
  return sum;
}
