import { afterEach, expect, it } from '@jest/globals';
import { formatFromNow, formatMs, formatSeconds } from '../src/i18n/format.js';
import { language } from '../src/i18n/language.js';

const before = language.value;

afterEach(() => {
  language.value = before;
});

it('writes a space between a number and Chinese', () => {
  language.value = 'zh-CN';
  expect([formatFromNow(-5), formatFromNow(-180), formatFromNow(7_200)]).toEqual([
    '5 秒前',
    '3 分钟前',
    '2 小时后',
  ]);
  expect([formatSeconds(240), formatMs(1_500)]).toEqual(['4 分钟', '1.5 秒']);
});

it('leaves English as it is', () => {
  language.value = 'en';
  expect([formatFromNow(-5), formatSeconds(240)]).toEqual(['5 sec. ago', '4 min']);
});
