/** What holds of a session whatever is done to it, in whatever order. */
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Refused } from '../api/answers.js';
import { type Act, NEW_SESSION, type Session, sendsLeft, sessionAt, step } from './session.js';

const HOUR_MS = 3_600_000;
const userid = fc.constantFrom('zhangsan', 'lisi');
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.constant({ type: 'customerEnters' as const, scene: '', sceneParam: '' }),
  fc.constantFrom('customerWrites', 'welcome', 'botSends').map((type) => ({ type }) as Act),
  fc
    .tuple(fc.constantFrom(0, 1, 2, 3, 4), userid)
    .map(
      ([to, servicerUserid]) =>
        ({ type: 'transfer', to, servicerUserid: to === 3 ? servicerUserid : null }) as Act,
    ),
  fc
    .tuple(fc.constantFrom('take', 'handOver', 'servicerWrites', 'end'), userid)
    .map(([type, servicerUserid]) => ({ type, servicerUserid }) as Act),
);

it('keeps to its states, its servicer and its five messages', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(act, fc.nat(50 * HOUR_MS)), { maxLength: 60 }), (acts) => {
      let session: Session = NEW_SESSION;
      let nowMs = 0;
      for (const [one, laterMs] of acts) {
        nowMs += laterMs;
        const before = sessionAt(session, nowMs);
        const after = stepOrNull(session, one, nowMs);
        session = after ?? session;
        const present = sessionAt(session, nowMs);
        expect(present.servicerUserid !== null).toBe(present.state === 3);
        expect(sendsLeft(present, nowMs)).toBeGreaterThanOrEqual(0);
        if (one.type === 'botSends' && after !== null) expect(before.state).toBeLessThan(2);
        // Only a customer begins a session, and only a servicer takes up an ended one.
        if (before.state === 4 && present.state !== 4)
          expect([one.type, present.state]).toEqual(
            one.type === 'customerWrites' ? ['customerWrites', 0] : ['servicerWrites', 3],
          );
      }
    }),
  );
});

function stepOrNull(session: Session, one: Act, nowMs: number): Session | null {
  try {
    return step(session, one, nowMs).session;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}
