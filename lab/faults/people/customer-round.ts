/** A customer's way through all of it: to the bot, to people, and back. */
import type { Simulator } from '../../../packages/simulator/simulator.js';
import type { SessionSettings } from '../../../src/registry/bots/session.dto.js';
import type { Conversations } from './conversations.js';

const WELCOME = 'Hello';
const WAITING = 'One moment, please';
const ENDED = 'The bot is back';
const ASKS_FOR_PEOPLE = '人工';
const SERVICER = 'lisi';
const ANSWERS_OF_SERVICER = 3;
const [FIRST, LAST] = ['first question', 'last question'];

export const SESSION: SessionSettings = {
  welcome: { text: WELCOME },
  people: { keywords: [ASKS_FOR_PEOPLE], to: 'pool', waiting: WAITING },
  ended: { text: ENDED },
};
/** What the bot may be given. */
export const FOR_THE_BOT: readonly string[] = [FIRST, LAST];
/** What a customer is to be shown, in this order, apart from what servicers write. */
export function expectedTexts(answerTo: AnswerTo): readonly string[] {
  return [WELCOME, answerTo(FIRST), WAITING, ENDED, answerTo(LAST)];
}

/** May be missing where the process died that had its code. */
export const BY_LOST_CODE = WAITING;

/** A code is good for 20 s. A bot that was away, or its manager, may take longer. */
const BY_CODE_MS = 25_000;
const BY_BOT_MS = 120_000;

/** What the bot says to a text. */
export type AnswerTo = (text: string) => string;

export interface CustomerOfAccount {
  readonly openKfId: string;
  readonly customer: string;
}

/** Each writes to one account. */
export function customersOf({ accounts, customers }: Simulator): CustomerOfAccount[] {
  return customers.map(({ externalUserId: customer }, n) => ({
    openKfId: accounts[n % accounts.length]?.openKfId ?? '',
    customer,
  }));
}

/** The customer goes on when an answer was shown, or does not come any more. @param did is told of each thing that was done. */
export async function goRound(
  wecom: Simulator,
  conversations: Conversations,
  { openKfId, customer }: CustomerOfAccount,
  answerTo: AnswerTo,
  did: () => void = () => {},
): Promise<void> {
  const { corp } = wecom;
  const conversation = corp.conversation(openKfId, customer);
  const shown = async (text: string, limitMs: number) => {
    await conversations.whenShown(customer, text, limitMs);
  };
  const say = (content: string) => {
    did();
    wecom.say(content, { openKfId, externalUserId: customer });
  };
  did();
  corp.enter(openKfId, customer);
  await shown(WELCOME, BY_CODE_MS);
  say(FIRST);
  await shown(answerTo(FIRST), BY_BOT_MS);
  say(ASKS_FOR_PEOPLE);
  await shown(WAITING, BY_CODE_MS);
  say('Is anybody there?');
  did();
  corp.act(conversation, { type: 'take', servicerUserid: SERVICER });
  for (let n = 1; n <= ANSWERS_OF_SERVICER; n++) {
    did();
    corp.servicerWrites(conversation, SERVICER, `answer ${n}`);
    say(`and ${n}?`);
  }
  did();
  corp.act(conversation, { type: 'end', servicerUserid: SERVICER });
  await shown(ENDED, BY_CODE_MS);
  say(LAST);
  await shown(answerTo(LAST), BY_BOT_MS);
}

/** How often a round tells `did`. */
export const STEPS = 7 + 2 * ANSWERS_OF_SERVICER;
