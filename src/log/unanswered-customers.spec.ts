import { beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnansweredCustomers, type CustomerSign, type UnansweredTimes } from './unanswered-customers.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

let customers: UnansweredCustomers;

beforeEach(() => {
  customers = new UnansweredCustomers();
});

const of = (times: Partial<UnansweredTimes> = {}, account = ACCOUNT) =>
  customers.of(account, { nowMs: NOW_MS, repliedAtMs: 0, longSinceMs: NOW_MS - 10 * MINUTE_MS, ...times });
const asked = (customer: string, agoMs: number) =>
  customers.asked(ACCOUNT, customer, NOW_MS - agoMs, NOW_MS - agoMs + 1_500);
const replied = (customer: string, agoMs: number) => customers.replied(ACCOUNT, customer, NOW_MS - agoMs);

it('a customer waits since the first message that nobody has answered', () => {
  asked('a', 20_000);
  asked('a', 10_000);
  asked('b', 30_000);
  expect(of()).toMatchObject({ waiting: 2, sinceMs: NOW_MS - 30_000 + 999, ofHour: 2 });
  replied('b', 5_000);
  expect(of()).toMatchObject({ waiting: 1, sinceMs: NOW_MS - 20_000 + 999, repliedAtMs: NOW_MS - 5_000 });
});

it('a message that is read again asks for nothing more', () => {
  asked('a', 20_000);
  replied('a', 10_000);
  expect(asked('a', 20_000)).toBeNull();
  expect(of().waiting).toBe(0);
});

it('a new message waits, also where WeCom’s clock is behind ours', () => {
  replied('a', 0);
  expect(customers.asked(ACCOUNT, 'a', NOW_MS - 5_000, NOW_MS + 100)).not.toBeNull();
  expect(of({ nowMs: NOW_MS + 200 }).waiting).toBe(1);
  customers.told(ACCOUNT, 'a', NOW_MS - 4_000, NOW_MS + 3_000);
  expect(of({ nowMs: NOW_MS + 3_000 }).waiting).toBe(0);
});

it('the words of a person answer what their customer wrote before', () => {
  asked('a', 20_000);
  customers.told(ACCOUNT, 'a', NOW_MS - 15_000, NOW_MS);
  expect(of().waiting).toBe(0);
  asked('a', 10_000);
  expect(customers.told(ACCOUNT, 'a', NOW_MS - 15_000, NOW_MS)).toBeNull();
  expect(of().waiting).toBe(1);
});

it('a customer has no word who got none within the hour before, and waits for long', () => {
  asked('none', 11 * MINUTE_MS);
  asked('soon', 9 * MINUTE_MS);
  replied('thanks', 40 * MINUTE_MS);
  asked('thanks', 39 * MINUTE_MS);
  replied('yesterday', 20 * HOUR_MS);
  asked('yesterday', 12 * MINUTE_MS);
  asked('left', 2 * HOUR_MS);
  expect(of()).toMatchObject({ waiting: 5, ofHour: 4, wordless: 2, isInsistent: false });
  expect(of().wordlessSinceMs).toBe(NOW_MS - 12 * MINUTE_MS + 999);
});

it('a customer is insistent who wrote three times without a word', () => {
  for (const minutes of [15, 14, 13]) {
    expect(of().isInsistent).toBe(false);
    asked('a', minutes * MINUTE_MS);
  }
  expect(of().isInsistent).toBe(true);
  replied('a', 12 * MINUTE_MS);
  asked('a', 11 * MINUTE_MS);
  expect(of()).toMatchObject({ waiting: 1, isInsistent: false });
});

it('the first message since the account’s last reply is told apart', () => {
  asked('a', 60_000);
  expect(of({ repliedAtMs: NOW_MS - 30_000 }).sinceReplyMs).toBeNull();
  asked('a', 20_000);
  expect(of({ repliedAtMs: NOW_MS - 30_000 }).sinceReplyMs).toBe(NOW_MS - 20_000 + 999);
});

it('nobody is known for longer than 48 hours', () => {
  asked('a', 10_000);
  expect(of({ nowMs: NOW_MS + 48 * HOUR_MS }).waiting).toBe(0);
  expect(customers.size).toBe(0);
});

it('an account with very many customers pushes out none of another', () => {
  customers.asked({ ...ACCOUNT, openKfId: 'wk2' }, 'a', NOW_MS, NOW_MS);
  for (let n = 0; n < 20_001; n++) asked(`customer ${n}`, 5_000);
  expect([customers.size, of().waiting]).toEqual([20_001, 20_000]);
  expect(of({}, { ...ACCOUNT, openKfId: 'wk2' }).waiting).toBe(1);
});

it('of all accounts 100,000 customers are known, the last heard of', () => {
  for (let n = 0; n < 100_001; n++)
    customers.asked({ ...ACCOUNT, openKfId: `wk${n % 10}` }, `customer ${n}`, NOW_MS, NOW_MS);
  expect(customers.size).toBe(100_000);
  expect(of({}, { ...ACCOUNT, openKfId: 'wk0' }).waiting).toBe(10_000);
});

it('replicas come to the same, in whichever order they hear of a customer, and however often', () => {
  const step = fc.record({ isReply: fc.boolean(), agoS: fc.integer({ min: 1, max: 50 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.infiniteStream(fc.nat(100)), (steps, random) => {
      customers = new UnansweredCustomers();
      const signs: CustomerSign[] = [];
      for (const { isReply, agoS } of steps.toSorted((a, b) => b.agoS - a.agoS)) {
        const sign = isReply ? replied('a', agoS * 1_000) : asked('a', agoS * 1_000);
        if (sign !== null) signs.push(sign);
      }
      const known = of();
      customers = new UnansweredCustomers();
      const shuffled = [...signs, ...signs]
        .map((sign) => ({ sign, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at);
      for (const { sign } of shuffled) customers.hear(sign);
      const { waiting, repliedAtMs } = of();
      expect({ waiting, repliedAtMs }).toEqual({
        waiting: known.waiting,
        repliedAtMs: known.repliedAtMs,
      });
    }),
  );
});
