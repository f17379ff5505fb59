/** That the oracle of `npm run faults -w lab -- --only messages` sees what it is there for. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type MessageDelivery, MessageOracle } from '../../lab/faults/messages/message-oracle.js';

const KF = 'wkAccount';
let oracle: MessageOracle;

beforeEach(() => {
  oracle = new MessageOracle();
  for (const number of [1, 2, 3]) {
    oracle.wrote({ openKfId: KF, lane: KF, number, id: `msg_${number}` }, 0);
  }
});

function call(number: number, attempt: number, atMs: number): MessageDelivery {
  const delivery = oracle.called(KF, `msg_${number}`, attempt, atMs);
  if (delivery === null) throw new Error('it is of no message');
  return delivery;
}

/** Given and answered 10 ms after it came. */
function complete(number: number, attempt: number, atMs: number): void {
  const delivery = call(number, attempt, atMs);
  oracle.given(KF, number, atMs + 10);
  oracle.answered(delivery, atMs + 10);
}

it('finds nothing wrong with messages that come once and in order', () => {
  for (const number of [1, 2, 3]) complete(number, 1, number * 100);
  expect(oracle.underWay).toBe(0);
  expect(oracle.verdict()).toEqual({
    written: 3,
    lost: [],
    lostWithBots: 0,
    outOfOrder: [],
    doubles: 0,
    unexplained: [],
    unmarked: [],
    strangers: 0,
    again: 0,
  });
});

describe('a message is lost', () => {
  it('that never came', () => {
    complete(1, 1, 100);
    complete(3, 1, 300);
    expect(oracle.verdict().lost).toEqual([`2 of ${KF}`]);
  });

  it('that was given and never answered, or answered and never given', () => {
    complete(1, 1, 100);
    call(2, 1, 200);
    oracle.given(KF, 2, 210);
    oracle.answered(call(3, 1, 300), 310);
    expect(oracle.verdict().lost).toEqual([`2 of ${KF}`, `3 of ${KF}`]);
  });

  it('with its bot, which was killed while it read what it had answered for', () => {
    complete(1, 1, 100);
    oracle.answered(call(2, 1, 200), 210);
    oracle.cut(KF);
    complete(3, 1, 300);
    expect(oracle.verdict()).toMatchObject({ lost: [], lostWithBots: 1 });
    expect(oracle.open).toBe(0);
  });
});

describe('order', () => {
  it('is that in which messages are given for the first time', () => {
    complete(2, 1, 100);
    complete(1, 1, 200);
    complete(3, 1, 300);
    expect(oracle.verdict().outOfOrder).toEqual([`1 of ${KF} after 2`]);
  });

  it('is not broken by one that is given again', () => {
    complete(1, 1, 100);
    complete(2, 1, 200);
    complete(1, 2, 300);
    expect(oracle.verdict().outOfOrder).toEqual([]);
  });

  it('is that of each lane', () => {
    oracle.wrote({ openKfId: KF, lane: 'other', number: 4, id: 'msg_4' }, 0);
    complete(4, 1, 100);
    complete(1, 1, 200);
    expect(oracle.verdict().outOfOrder).toEqual([]);
  });
});

describe('a double', () => {
  it('is a second complete delivery, and no other one', () => {
    call(1, 1, 100);
    oracle.given(KF, 1, 110);
    complete(1, 2, 200);
    expect(oracle.verdict()).toMatchObject({ doubles: 0, again: 1 });
    complete(1, 3, 300);
    expect(oracle.verdict()).toMatchObject({ doubles: 1, again: 1 });
  });

  it('is not explained without a fault, or by one that was over before or came long after', () => {
    complete(1, 1, 10_000);
    complete(1, 2, 30_000);
    oracle.fault({ fromMs: 8_000, toMs: 9_000, openKfId: null });
    oracle.fault({ fromMs: 25_100, toMs: 26_000, openKfId: null });
    expect(oracle.verdict().unexplained).toEqual([
      `1 of ${KF}, attempts 1 and 2, since the first: the second 20.0 s, the next message none, faults -2.0 s, 15.1 s`,
    ]);
  });

  it.each([
    ['before its outcome was stored', 10_020],
    ['while its turn was leased, and a slow database may not have stored it', 25_000],
  ])('is explained by a fault %s', (_when, fromMs) => {
    complete(1, 1, 10_000);
    complete(1, 2, 30_000);
    oracle.fault({ fromMs, toMs: fromMs + 10, openKfId: null });
    expect(oracle.verdict()).toMatchObject({ doubles: 1, unexplained: [] });
  });

  it('is not explained once the next message was sent: the outcome was stored then', () => {
    complete(1, 1, 10_000);
    complete(2, 1, 10_050);
    complete(1, 2, 20_000);
    oracle.fault({ fromMs: 10_200, toMs: 10_210, openKfId: null });
    expect(oracle.verdict().unexplained).toHaveLength(1);
  });

  it('is not explained by what befell another bot', () => {
    complete(1, 1, 10_000);
    complete(1, 2, 20_000);
    oracle.fault({ fromMs: 10_000, toMs: 10_010, openKfId: 'wkOther' });
    expect(oracle.verdict().unexplained).toHaveLength(1);
  });

  it('is explained by a bot that took so long that the manager may have given up', () => {
    const delivery = call(1, 1, 10_000);
    oracle.given(KF, 1, 10_010);
    oracle.answered(delivery, 13_000);
    complete(1, 2, 20_000);
    expect(oracle.verdict()).toMatchObject({ doubles: 1, unexplained: [] });
  });

  it('has to say that it is one', () => {
    complete(1, 1, 10_000);
    complete(1, 1, 20_000);
    expect(oracle.verdict().unmarked).toEqual([`1 of ${KF}`]);
  });
});

it('counts what is of no message, or of one of another account', () => {
  expect(oracle.called(KF, 'msg_9', 1, 100)).toBeNull();
  expect(oracle.called('wkOther', 'msg_1', 1, 100)).toBeNull();
  oracle.given(KF, 9, 100);
  expect(oracle.verdict().strangers).toBe(3);
});
