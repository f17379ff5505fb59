import { expect, it } from '@jest/globals';
import type { CauseAnswer } from '../src/api/answers.gen.js';
import { wordsOfCause } from '../src/components/causes/cause-words.js';

it('says of an agent what its service does, and not what a program would', () => {
  const cause = { code: 'agent_fails', botName: 'Shop assistant', why: 'timeout', since: null, count: 1 };
  expect(wordsOfCause(cause as CauseAnswer)).toMatchObject({
    subject: 'Shop assistant',
    what: 'No whole answer came in time',
    remedy: expect.stringContaining('faster model'),
  });
});
