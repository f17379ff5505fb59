/** What the console says of WeCom's codes. */
import { expect, it } from '@jest/globals';
import { errcodes as english } from '../src/i18n/en/errcodes.js';
import { errcodes as chinese } from '../src/i18n/zh/errcodes.js';
import { COUNTED_ERRCODES } from '../../src/wecom/wecom-answer.js';

it.each([
  ['English', english],
  ['Chinese', chinese],
])('explains each code that is counted, and no other, in %s', (_language, errcodes) => {
  expect(Object.keys(errcodes).toSorted()).toEqual(COUNTED_ERRCODES.map(String).toSorted());
});
