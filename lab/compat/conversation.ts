/** Customers who write to the accounts of one bot, and what they get: the judge. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallLog } from '../../packages/simulator/api/call-log.js';
import type { ChatMessage } from '../../packages/simulator/corp/chat.js';
import type { Customer, KfAccount } from '../../packages/simulator/corp/identity.js';
import type { Simulator } from '../../packages/simulator/simulator.js';

export interface Counts {
  readonly said: number;
  /** Never answered. */
  readonly lost: number;
  /** Of the lost ones: WeCom refused the answer, since its five for what the customer wrote were spent on others. */
  readonly refused: number;
  /** Answered more than once. */
  readonly twice: number;
  /** How often the most answered one was answered. */
  readonly most: number;
  /** Answers from another account, by another bot, to another customer, or to nothing that was said. */
  readonly wrong: number;
}

export interface Load {
  readonly messages: number;
  /** Within which they are written, evenly. */
  readonly withinMs: number;
}

type Sent = Pick<ChatMessage, 'openKfId' | 'externalUserId' | 'body'>;

interface Said {
  readonly openKfId: string;
  readonly externalUserId: string;
  answers: number;
  refusals: number;
}

/** WeCom: five messages until the customer writes again (94677). */
const SPENT = 95001;

export class Conversation {
  readonly #said = new Map<string, Said>();
  #wrong = 0;

  /** @param name of the bot, with which each of its answers begins. */
  constructor(
    private readonly wecom: Simulator,
    readonly name: string,
    private readonly accounts: readonly KfAccount[],
    private readonly customers: readonly Customer[],
  ) {}

  /** Each customer writes to one account, all of them in turn. The first one of each account enters it before. */
  async write({ messages, withinMs }: Load): Promise<void> {
    const startedMs = performance.now();
    for (let number = 0; number < messages; number++) {
      await sleep(Math.max(0, startedMs + (number * withinMs) / messages - performance.now()));
      const { externalUserId } = at(this.customers, number);
      const { openKfId } = at(this.accounts, number % this.customers.length);
      const text = `${this.name} ${number}`;
      if (number < this.accounts.length) this.wecom.corp.enter(openKfId, externalUserId);
      this.#said.set(text, { openKfId, externalUserId, answers: 0, refusals: 0 });
      this.wecom.say(text, { openKfId, externalUserId });
    }
  }

  /** Customers write once to each account, before anything is counted. */
  open(): void {
    this.accounts.forEach(({ openKfId }, number) => {
      const { externalUserId } = at(this.customers, number);
      this.wecom.say('hello', { openKfId, externalUserId });
    });
  }

  /** An answer that the customer got, of whatever conversation. */
  take({ openKfId, externalUserId, body }: Sent): void {
    const isOurs =
      this.accounts.some((account) => account.openKfId === openKfId) ||
      this.customers.some((customer) => customer.externalUserId === externalUserId);
    if (!isOurs) return;
    const said = this.#answered(body.content);
    if (said?.openKfId === openKfId && said.externalUserId === externalUserId) said.answers++;
    else this.#wrong++;
  }

  /** An answer that WeCom refused, of whatever conversation. */
  refuse(content: unknown): void {
    const said = this.#answered(content);
    if (said !== undefined) said.refusals++;
  }

  #answered(content: unknown): Said | undefined {
    const text = String(content);
    return text.startsWith(`${this.name}: `) ? this.#said.get(text.slice(this.name.length + 2)) : undefined;
  }

  counts(): Counts {
    const all = [...this.#said.values()];
    const answers = all.map((said) => said.answers);
    const lost = all.filter((said) => said.answers === 0);
    return {
      said: all.length,
      lost: lost.length,
      refused: lost.filter(({ refusals }) => refusals > 0).length,
      twice: answers.filter((count) => count > 1).length,
      most: Math.max(0, ...answers),
      wrong: this.#wrong,
    };
  }
}

/** Gives each answer of bots to its conversation, and knows when the last one came. */
export class Answers {
  #lastAtMs = performance.now();
  #isOver = false;

  constructor(
    wecom: Simulator,
    private readonly conversations: readonly Conversation[],
  ) {
    const { chat } = wecom.corp;
    const before = chat.onMessage;
    chat.onMessage = (message) => {
      before(message);
      if (message.from === 'bot' && !this.#isOver) this.#take(message);
    };
    this.#seeRefusals(wecom.calls);
  }

  get quietMs(): number {
    return performance.now() - this.#lastAtMs;
  }

  end(): void {
    this.#isOver = true;
  }

  #seeRefusals(calls: CallLog): void {
    const before = calls.onChange;
    calls.onChange = (call) => {
      before(call);
      const { errcode, request } = call;
      if (errcode !== SPENT) return;
      const { text } = JSON.parse(request) as { text?: { content?: string } };
      for (const conversation of this.conversations) conversation.refuse(text?.content);
    };
  }

  #take(answer: ChatMessage): void {
    this.#lastAtMs = performance.now();
    for (const conversation of this.conversations) conversation.take(answer);
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('there is none');
  return item;
}
