import { expect, it } from '@jest/globals';
import type { CauseAnswer } from '../src/api/answers.gen.js';
import { wordsOfCause } from '../src/components/causes/cause-words.js';

const refused = { code: 'refused', corpId: 'ww1', corpName: 'Shop', since: null, count: 3 };

it('says of an agent what its service does, and not what a program would', () => {
  const cause = { code: 'agent_fails', botName: 'Shop assistant', why: 'timeout', since: null, count: 1 };
  expect(wordsOfCause(cause as CauseAnswer)).toMatchObject({
    subject: 'Shop assistant',
    what: 'No whole answer came in time',
    remedy: expect.stringContaining('faster model'),
  });
});

it('leads from a wrong EncodingAESKey to a new one, since the manager shows none again', () => {
  const cause = { ...refused, why: 'CIPHER_PADDING_INVALID', severity: 'bad' };
  expect(wordsOfCause(cause as CauseAnswer)).toMatchObject({
    remedy: expect.stringMatching(
      /connect the app once more .* Paste both into WeCom, then remove the old app/,
    ),
    action: { href: '/console/apps/connect?corpId=ww1', text: 'Connect a WeCom app' },
  });
});

it('says of a signature that did not match that it may be forged, and how to tell', () => {
  const cause = { ...refused, why: 'CALLBACK_SIGNATURE_MISMATCH', severity: 'wait' };
  expect(wordsOfCause(cause as CauseAnswer)).toMatchObject({
    remedy: expect.stringMatching(
      /warning only\. If the app’s last event is older than its customers’ messages/,
    ),
    action: { href: '/console/log?show=refused&corpId=ww1' },
  });
});

it('names the address that WeCom does not list', () => {
  const unlisted = { why: '60020', unlistedAddress: '203.0.113.24', corpId: 'ww1', since: null, count: 1 };
  const whatOf = (code: CauseAnswer['code']) => wordsOfCause({ ...unlisted, code } as CauseAnswer).what;
  expect(whatOf('wecom_fails')).toBe('WeCom does not list 203.0.113.24');
  expect(whatOf('replies_fail')).toBe('replies do not go out: WeCom does not list 203.0.113.24');
});
