import { expect, it } from '@jest/globals';
import { findIn } from './secret-forms.js';

const SECRET = 'marked+secret/of&the="app"=<1>';
const around = (text: string): string => `{"a":"before ${text} after"}`;

it.each([
  ['as it is', around(SECRET)],
  ['in JSON', JSON.stringify({ is: SECRET })],
  ['in a URL', `/a?b=${encodeURIComponent(SECRET)}&c`],
  ['in a URL, in small letters', encodeURIComponent(SECRET).toLowerCase()],
  ['in a form', new URLSearchParams({ a: SECRET }).toString()],
  ['in HTML', SECRET.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')],
  ['in hexadecimal', around(Buffer.from(SECRET).toString('hex'))],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64, behind something', Buffer.from(`user:${SECRET}`).toString('base64')],
  ['in base64, between something', Buffer.from(`ab${SECRET}cd`).toString('base64url')],
])('finds a secret %s', (_how, text) => expect(findIn(text, ['another-secret', SECRET])).toEqual([SECRET]));

it('finds none where there is none', () => {
  expect(findIn(around('nothing'), [SECRET])).toEqual([]);
});
