import { expect, it } from '@jest/globals';
import { chinese } from './chinese.js';
import { english } from './english.js';
import { whatFailed } from './cause-text.js';

it('says the number that a bot answered with', () => {
  const failure = { stage: 'status', status: 500 } as const;
  expect(whatFailed(failure, english)).toBe('The bot answered with HTTP error 500');
  expect(whatFailed(failure, chinese)).toBe('机器人返回了 HTTP 错误 500');
});

it('says what happened where no number came, or it is not known any more', () => {
  for (const stage of ['connect', 'status'] as const)
    expect(whatFailed({ stage, status: null }, english)).toBe(english.failures[stage].what);
});
