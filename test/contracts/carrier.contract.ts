/** What every carrier promises; run against each that `app.module.ts` lists. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Attempt, type AttemptResult, HALVES_MS } from '../../src/dispatch/endpoint/attempt.js';
import type { Carrier } from '../../src/dispatch/endpoint/carrier.js';
import type { MessageBody, Parcel } from '../../src/dispatch/endpoint/parcel.js';
import { Secret } from '../../src/kernel/secret.js';
import type { Destination } from '../../src/registry/accounts/destination.js';
import type { KnownBot } from '../../src/registry/bots/known-bots.js';
import type { FailureStage } from '../../src/queue/failure.js';
import type { ManualClock } from '../support/manual-clock.js';

/** A carrier with a bot at its other end, which says nothing before it is told to. */
export interface CarrierUnderTest {
  readonly clock: ManualClock;
  readonly carrier: Carrier;
  readonly to: Destination;
  /** What it carries to that bot. */
  readonly parcel: Parcel;
  /** Resolves when the bot has so many attempts. */
  seen(count: number): Promise<void>;
  take(): Promise<void>;
  refuse(): Promise<void>;
  readonly refusedAt: FailureStage;
  /** How long it waits for a bot that has the parcel and says nothing, and what it says then. */
  readonly limitMs: number;
  readonly lateAt: FailureStage;
  /** How many attempts the bot is sent at a time. */
  readonly atOnce: number;
  /** One attempt more than may wait is saturated. */
  readonly waitingMax?: number;
  /** The bot says that it can never read so long a message. */
  readonly tooLong?: () => Promise<void>;
  /** What the customer was told who waits. */
  readonly told?: () => readonly string[];
  close(): Promise<void>;
}

/** What only some carriers meet. */
export type Trait =
  /** It bounds what waits itself. */
  | 'bounds'
  /** Some of its bots are told of messages, and pull them. */
  | 'halves'
  /** Its bot may say that a message is too long for it. */
  | 'too long'
  /** Customers are told to wait. */
  | 'tells'
  /** Its bots answer WeCom's question when a callback URL is saved. */
  | 'verifies';

export function carrierContract(
  name: string,
  traits: readonly Trait[],
  open: () => Promise<CarrierUnderTest>,
): void {
  const has = (trait: Trait): boolean => traits.includes(trait);

  describe(`the carrier ${name}`, () => {
    let under: CarrierUnderTest;
    let attempts: Attempt[];
    let ended: AttemptResult[];

    beforeEach(async () => {
      under = await open();
      [attempts, ended] = [[], []];
    });

    afterEach(async () => {
      for (const attempt of attempts) attempt.withdraw();
      await under.close();
    });

    const start = (fields: Partial<Parcel> = {}): Attempt => {
      const { carrier, parcel, to } = under;
      const attempt = carrier.start({ ...parcel, ...fields }, to, (result) => ended.push(result));
      attempts.push(attempt);
      return attempt;
    };
    const startMany = (count: number) =>
      Array.from({ length: count }, (_, n) => start({ id: `${under.parcel.id}-${n}` }));

    it('takes what goes to its bots', () => {
      expect(under.carrier.takes(under.to)).toBe(true);
    });

    it('says that the parcel is taken, before whoever awaits that goes on', async () => {
      const { result } = start();
      const before = result.then(() => ended.length);
      await under.seen(1);
      expect(ended).toEqual([]);
      await under.take();
      expect(await result).toEqual({ taken: true, status: expect.any(Number) });
      expect([await before, ended]).toEqual([1, [await result]]);
    });

    it('says where the parcel was refused, in words', async () => {
      const { result } = start();
      await under.seen(1);
      await under.refuse();
      const refused = { taken: false, stage: under.refusedAt, reason: expect.stringMatching(/\w/) };
      expect(await result).toMatchObject(refused);
      expect(ended).toHaveLength(1);
    });

    it('waits no longer than its limit for a bot that says nothing', async () => {
      const { result } = start();
      await under.seen(1);
      await under.clock.advance(under.limitMs - 1);
      expect(ended).toEqual([]);
      await under.clock.advance(1);
      expect(await result).toMatchObject({ taken: false, stage: under.lateAt });
    });

    it('withdraws what the bot cannot have seen, and nothing else', async () => {
      const first = startMany(under.atOnce);
      const next = start({ id: 'next' });
      await under.seen(under.atOnce);
      expect(first.map((attempt) => attempt.withdraw())).not.toContain(true);
      expect(next.withdraw()).toBe(true);
      expect(await next.result).toMatchObject({ taken: false, stage: 'withdrawn' });
    });

    if (has('bounds'))
      it('says that it is saturated instead of letting ever more wait', async () => {
        startMany(under.waitingMax ?? 0);
        expect(ended).toEqual([]);
        expect(await start({ id: 'one-too-many' }).result).toMatchObject({
          taken: false,
          stage: 'saturated',
        });
      });

    if (has('halves')) {
      it('waits on for a bot that has pulled its message, and says so when it gives up', async () => {
        let hasPulled = false;
        const { result } = start({ body: messageBody(async () => hasPulled) });
        await under.seen(1);
        await under.clock.advance(under.limitMs - 1);
        hasPulled = true;
        await under.clock.advance(1);
        expect(ended).toEqual([]);
        await under.clock.advance(HALVES_MS);
        expect(await result).toMatchObject({ taken: false, stage: 'timeout', hasPulled: true });
      });

      it('does not wait on for one that has not', async () => {
        const { result } = start({ body: messageBody(async () => false) });
        await under.seen(1);
        await under.clock.advance(under.limitMs);
        const late = await result;
        expect(late).toMatchObject({ taken: false, stage: 'timeout' });
        expect(late).not.toHaveProperty('hasPulled');
      });
    }

    if (has('too long'))
      it('says of a message that is too long for its bot that it is', async () => {
        const { result } = start();
        await under.seen(1);
        await under.tooLong?.();
        expect(await result).toMatchObject({ taken: false, stage: 'too_long' });
      });

    it('tells a customer to wait once, or says that nothing is left to do', async () => {
      const { carrier, parcel, to, told } = under;
      for (const _twice of [1, 2]) expect(await carrier.tellToWait(parcel, to)).toBe(true);
      if (has('tells')) expect(told?.()).toHaveLength(1);
    });

    it(`${has('verifies') ? 'asks a bot what WeCom asks' : 'has no bot that answers what WeCom asks'} when a URL is saved`, async () => {
      const verified = under.carrier.verify(under.to.bot as KnownBot);
      if (has('verifies')) expect(await verified).toMatchObject({ status: 404, fault: expect.any(String) });
      else await expect(verified).rejects.toMatchObject({ code: 'BOT_UNVERIFIABLE' });
    });
  });
}

/** A customer's text. @param hasPulled see `MessageBody`. */
export function messageBody(hasPulled: MessageBody['hasPulled'] = null): MessageBody {
  const entry = { origin: 3, msgtype: 'text', external_userid: 'wmCustomer', text: { content: 'Hello' } };
  const content = new Secret(JSON.stringify(entry));
  return { kind: 'message', content, isOfCustomer: true, hasPulled };
}
