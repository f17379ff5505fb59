import { expect, it } from '@jest/globals';
import type { BotAnswer } from '../src/api/answers.gen.js';
import { english } from '../src/i18n/english.js';
import { botState, botStateText } from '../src/pages/bots/bot-state.js';

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

it('is bad for a bot that takes its events while its customers get no answer, and paused before anything else', () => {
  const causes = [{ code: 'token_refused', severity: 'bad' }] as unknown as NonNullable<BotAnswer['causes']>;
  expect(botState(bot({ causes }))).toBe('failing');
  expect(botState(bot({ causes, paused: true }))).toBe('paused');
  expect(botState(bot({ kind: 'none', paused: true }))).toBe('people');
});

it('is not good for a bot that answers and has not pulled since it last took a message', () => {
  const unpulled = (at: string) => ({ at, stage: 'unpulled', reason: 'it did not pull', status: null });
  const messages = { kind: 'callback', takes: 'message' } as const;
  const late = unpulled('2026-01-31T08:01:00.000Z') as BotAnswer['lastFailure'];
  expect(botState(bot({ ...messages, lastFailure: late }))).toBe('unpulled');
  expect(botState(bot({ ...messages, lastFailure: late, lastTakenAt: null }))).toBe('unpulled');
  const early = unpulled('2026-01-31T07:59:00.000Z') as BotAnswer['lastFailure'];
  expect(botState(bot({ ...messages, lastFailure: early }))).toBe('takesMessages');
});

it('says of a failing bot what its worst cause is of', () => {
  const textOf = (...causes: readonly object[]) =>
    botStateText(bot({ causes: causes as NonNullable<BotAnswer['causes']> }), english.bots);
  expect(textOf({ code: 'waiting', severity: 'wait' }, { code: 'token_refused', severity: 'bad' })).toBe(
    'WeCom refuses its calls.',
  );
  expect(textOf({ code: 'replies_fail', severity: 'bad' })).toBe('Its replies do not reach customers.');
  expect(textOf({ code: 'dead_messages', severity: 'bad' })).toMatch(/^It does not take what it is sent/);
  expect(textOf({ code: 'silent', severity: 'bad' })).toMatch(/^It takes what customers write/);
  expect(textOf()).toBe('It takes the events of its accounts.');
});
