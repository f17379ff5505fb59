import { expect, it } from '@jest/globals';
import { conversationIn } from './form.js';

it('only what looks like an id is kept as the id of a conversation', () => {
  const ids = [
    '7379462189365198898',
    '45701982-8118-4bc5-8e9b-64562b4555f2',
    '',
    'x'.repeat(65),
    'a b',
    7,
    null,
  ];
  expect(ids.map((id) => conversationIn({ conversation_id: id }))).toEqual([
    ...ids.slice(0, 2),
    null,
    null,
    null,
    null,
    null,
  ]);
});
