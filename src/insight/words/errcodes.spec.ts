/** What the console says of WeCom's codes. */
import { expect, it } from '@jest/globals';
import { errcodes as english } from './en/errcodes.js';
import { errcodes as chinese } from './zh/errcodes.js';
import { COUNTED_ERRCODES } from '../../wecom/client/wecom-answer.js';

it('explains each code that is counted', () => {
  expect(Object.keys(english)).toEqual(expect.arrayContaining(COUNTED_ERRCODES.map(String)));
});

it('explains what WeCom says to a reply that it does not send', () => {
  const ofReplies = ['40007', '40008', '40096', '44004', '45002', '95001', '95002', '95013', '95018'];
  expect(Object.keys(english)).toEqual(expect.arrayContaining(ofReplies));
});

it('explains the same codes in Chinese', () => {
  expect(Object.keys(chinese)).toEqual(Object.keys(english));
});
