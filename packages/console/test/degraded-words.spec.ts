import { expect, it } from '@jest/globals';
import type { CauseAnswer, RepliesAnswer } from '../src/api/answers.gen.js';
import { english } from '../src/i18n/english.js';
import { degradedWords } from '../src/pages/overview/degraded-words.js';

const words = (answering: number, ...causes: readonly Partial<CauseAnswer>[]) =>
  degradedWords(
    {
      causes: causes.map((cause) => ({ corpId: null, ...cause }) as CauseAnswer),
      moreCauses: 0,
      replies: { answering } as RepliesAnswer,
    },
    english.overview.verdict,
  );

it('says that customers are answered where replies go out and no cause is of theirs', () => {
  const calm = { title: 'Customers are being answered', text: 'Something needs a look.' };
  expect(words(9, { code: 'replica_away' })).toEqual(calm);
  expect(words(9, { code: 'replica_away' }, { code: 'refused' })).toEqual(calm);
});

it('says that customers may be waiting where an account is in trouble, or no reply was seen', () => {
  const waiting = { title: 'Some customers may be waiting' };
  expect(words(9, { code: 'replica_away' }, { code: 'waiting' })).toEqual(waiting);
  expect(words(9, { code: 'refused', corpId: 'ww1' })).toEqual(waiting);
  expect(words(9, { code: 'people_wait' })).toEqual(waiting);
  expect(words(0, { code: 'replica_away' })).toEqual(waiting);
});
