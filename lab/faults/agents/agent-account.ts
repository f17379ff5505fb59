/** An account for which an agent answers, with its service and the customers who write to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceForm } from '../../../packages/simulator/services/service-forms.js';
import { STAND_IN_KEY, StandInService } from '../../../packages/simulator/services/stand-in-service.js';
import type { Simulator } from '../../../packages/simulator/simulator.js';
import type { Seeded } from '../../../test/support/seeded.js';
import { AgentOracle, answerTo, FALLBACK } from './agent-oracle.js';

export interface AgentsForm {
  readonly customers: number;
  /** Of each customer. */
  readonly messages: number;
  /** Customers who write at the same time. */
  readonly atOnce: number;
  /** How long the service takes. */
  readonly serviceMs: { readonly from: number; readonly to: number };
  readonly fallbackAfterS: number;
  /** When a customer gives up who has no answer. */
  readonly answerMs: number;
  /** Of managers. */
  readonly kills: number;
}

/** One in so many questions is refused by the service, and one in so many streams is closed in the middle. */
export const FAIL_ONE_IN = 10;
export const CUT_ONE_IN = 9;
/** The most that the manager allows: those who write at the same time are fewer, and wait for nobody. */
const CONCURRENCY = 100;
/** One customer of so many writes two texts at once, and waits for both answers. */
const PAIRS_ONE_IN = 3;
/** One question of so many has a long answer. */
const LONG_ONE_IN = 7;

export class AgentAccount {
  readonly oracle = new AgentOracle();
  /** How many texts customers have written. */
  written = 0;

  private constructor(
    private readonly wecom: Simulator,
    private readonly service: StandInService,
    readonly form: ServiceForm,
    readonly openKfId: string,
  ) {}

  static async open(
    wecom: Simulator,
    form: ServiceForm,
    openKfId: string,
    { serviceMs: { from, to } }: AgentsForm,
    random: Seeded,
  ): Promise<AgentAccount> {
    const service = await StandInService.start({ answer: ({ text }) => answerTo(text) });
    const account = new AgentAccount(wecom, service, form, openKfId);
    const delayMs = () => account.#asked(from + random.below(to - from));
    Object.assign(service.faults, { delayMs, failOneIn: FAIL_ONE_IN, cutOneIn: CUT_ONE_IN });
    return account;
  }

  close(): Promise<void> {
    return this.service.close();
  }

  /** For `POST /api/v1/bots`. */
  bot(fallbackAfterS: number): object {
    const { wecom, form, openKfId, service } = this;
    const { corpId, corpSecret } = wecom;
    return {
      ...{ name: form, corpId, corpSecret, openKfIds: [openKfId], kind: 'agent' },
      agent: {
        ...{ form, url: service.urlOf(form), key: STAND_IN_KEY, concurrency: CONCURRENCY },
        ...{ fallback: FALLBACK, fallbackAfterS },
        ...(form === 'openai' && { model: 'stand-in', history: 2 }),
        ...(form === 'coze' && { botId: 'stand-in' }),
      },
    };
  }

  /** All customers write, so many at once. @param beforeWriting is called before each text. @param isOver ends it early. */
  async talk(
    { atOnce, messages, answerMs }: AgentsForm,
    beforeWriting: () => void,
    isOver: () => boolean,
  ): Promise<void> {
    const left = [...this.wecom.customers.entries()];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [number, { externalUserId }] = next;
        const inARow = number % PAIRS_ONE_IN === 0 ? 2 : 1;
        for (let n = 0; n < messages && !isOver(); n += inARow) {
          const answers = Array.from({ length: Math.min(inARow, messages - n) }, (_, more) => {
            const isLong = (number + n + more) % LONG_ONE_IN === 0;
            beforeWriting();
            return this.#write(externalUserId, `${this.form}-${number}-${n + more}${isLong ? '-long' : ''}`);
          });
          await Promise.race([Promise.all(answers), sleep(answerMs, null, { ref: false })]);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** @returns when it is answered. */
  #write(externalUserId: string, text: string): Promise<void> {
    this.written++;
    const answered = this.oracle.wrote(externalUserId, text);
    this.wecom.say(text, { openKfId: this.openKfId, externalUserId });
    return answered;
  }

  /** The service has read a question, and answers after `tookMs`. */
  #asked(tookMs: number): number {
    const { asked } = this.service;
    const isAnswered = [FAIL_ONE_IN, CUT_ONE_IN].every((oneIn) => asked.length % oneIn !== 0);
    this.oracle.asked(asked.at(-1)?.text ?? '', tookMs, isAnswered);
    return tookMs;
  }
}
