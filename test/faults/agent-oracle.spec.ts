/** That the oracle of `npm run faults -w lab -- --only agents` sees what it is there for. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { AgentOracle, answerTo, FALLBACK } from '../../lab/faults/agents/agent-oracle.js';
import { cutInParts } from '../../src/agents/answer/parts.js';

const UNTOLD_MS = 1_000;
let oracle: AgentOracle;

/** Customer c writes both at 0. */
beforeEach(() => {
  oracle = new AgentOracle();
  for (const text of ['first', 'second-long']) void oracle.wrote('c', text, 0);
});

/** The messages in which the answer goes to the customer. */
const partsTo = (question: string, countMax = 5) => cutInParts(answerTo(question), countMax);
const show = (texts: readonly string[], atMs = 100) => texts.forEach((text) => oracle.shown('c', text, atMs));
const verdict = () => oracle.verdict(UNTOLD_MS);

it('finds nothing wrong with questions that are answered once and in order', () => {
  oracle.asked('first', 40, true, 10);
  show(partsTo('first'));
  oracle.asked('second-long', 50, true, 110);
  expect(partsTo('second-long')).toHaveLength(2);
  show(partsTo('second-long'), 200);
  expect(verdict()).toEqual({
    ...{ questions: 2, unanswered: [], twice: [], outOfOrder: [], strange: [], cutOff: 0 },
    ...{ toldToWait: 0, toldAgain: [], toldInVain: [], untold: 0 },
    ...{ calls: 2, failedCalls: 0, repeatedCalls: 0 },
  });
  // Of 100 ms the service took 40, and of the 100 after that 50.
  expect([oracle.delaysOnce.percentile(1), oracle.delaysOnce.percentile(0.5)]).toEqual([60, 50]);
});

describe('a question is not answered', () => {
  it('for which nothing was shown, or not all of the answer', () => {
    show(partsTo('first'));
    show(partsTo('second-long').slice(0, 1));
    expect(verdict().unanswered).toEqual(['second-long']);
  });

  it('but is where the budget ended its answer', () => {
    show(partsTo('first'));
    show(partsTo('second-long', 1));
    expect(verdict()).toMatchObject({ unanswered: [], cutOff: 1 });
  });

  it('by an answer that another customer was shown', () => {
    oracle.shown('d', answerTo('first'), 100);
    expect(verdict()).toMatchObject({ unanswered: ['first', 'second-long'], strange: [expect.anything()] });
  });
});

it('an answer comes twice, even if only one part does', () => {
  show(partsTo('first'));
  show(partsTo('second-long'));
  show(partsTo('first'));
  show(partsTo('second-long').slice(1));
  expect(verdict()).toMatchObject({ twice: ['first', 'second-long'], outOfOrder: [] });
});

it('answers, and parts of one, come out of order', () => {
  show(partsTo('second-long').toReversed());
  show(partsTo('first'));
  expect(verdict().outOfOrder).toEqual(['second-long before first', 'part 2 of second-long']);
});

describe('a customer is told to wait', () => {
  it('once for each question that has no answer yet', () => {
    show([FALLBACK, ...partsTo('first'), FALLBACK, ...partsTo('second-long')]);
    expect(verdict()).toMatchObject({ toldToWait: 2, toldAgain: [], toldInVain: [] });
  });

  it('twice, or for nothing', () => {
    show([FALLBACK, FALLBACK, ...partsTo('first'), ...partsTo('second-long'), FALLBACK]);
    expect(verdict()).toMatchObject({ toldToWait: 3, toldAgain: ['first'], toldInVain: ['c'] });
  });

  it('or is not, although the answer took longer than it should', () => {
    show(partsTo('first'), UNTOLD_MS + 1);
    show(partsTo('second-long'), UNTOLD_MS + 2);
    expect(verdict().untold).toBe(1);
  });
});

it('calls of the service are counted that brought nothing, or an answer again', () => {
  for (const isAnswered of [false, true, true]) oracle.asked('first', 10, isAnswered, 0);
  expect(verdict()).toMatchObject({ calls: 3, failedCalls: 1, repeatedCalls: 1 });
});
