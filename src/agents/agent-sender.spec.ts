import { expect, it } from '@jest/globals';
import type { OpenBot } from '../registry/bots/known-bots.js';
import type { KfAnswer, KfCalls } from '../wecom/calls/kf-calls.js';
import { NoSessionCalls } from '../wecom/calls/session-calls.js';
import { AgentSender } from './agent-sender.js';

const TEXTS = 100;
const AT_ONCE = 16;

it('texts that are due at the same time wait for each other, and none fails', async () => {
  const underWay: (() => void)[] = [];
  let underWayMax = 0;
  const call = () =>
    new Promise<KfAnswer>((resolve) => {
      underWay.push(() => resolve({ fields: {} }));
      underWayMax = Math.max(underWayMax, underWay.length);
    });
  const sending = new AgentSender({ call } as unknown as KfCalls, new NoSessionCalls());
  const bot = { id: 'bot-1', corpId: 'wwCorp_1', secrets: {} } as unknown as OpenBot;
  const text = { openKfId: 'wk', customer: 'wm', text: 'Hello', isRepeated: false };
  const all = Promise.all(
    Array.from({ length: TEXTS }, (_, n) => sending.send(bot, { ...text, msgid: `m${n}` })),
  );
  let answered = 0;
  while (answered < TEXTS) {
    await new Promise(setImmediate);
    for (const answer of underWay.splice(0)) answered += (answer(), 1);
  }
  expect(new Set((await all).map(({ outcome }) => outcome))).toEqual(new Set(['sent']));
  expect(underWayMax).toBe(AT_ONCE);
});
