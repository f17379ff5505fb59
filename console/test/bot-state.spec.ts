import { expect, it } from '@jest/globals';
import type { BotAnswer } from '../src/api/answers.gen.js';
import { botState } from '../src/pages/bots/bot-state.js';

const bot = (changes: Partial<BotAnswer>) =>
  ({
    ...{ kind: 'stream', takes: 'event', fault: null, circuit: 'closed', clients: 1 },
    lastTakenAt: '2026-01-31T08:00:00.000Z',
    ...changes,
  }) as BotAnswer;

it('is good for a bot that opens a stream only while a client of it is connected', () => {
  expect(botState(bot({}))).toBe('takes');
  expect(botState(bot({ clients: 0 }))).toBe('away');
  expect(botState(bot({ clients: 0, takes: 'message' }))).toBe('away');
  expect(botState(bot({ clients: 0, kind: 'callback' }))).toBe('takes');
});
