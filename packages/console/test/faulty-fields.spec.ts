import { expect, it } from '@jest/globals';
import { faultyFields } from '../src/pages/bots/faulty-fields.js';

it('finds the fields that were refused', () => {
  const message =
    'session.welcome.text must be a text of 1 to 2048 bytes in UTF-8; session.hours.open[0].days must be a list';
  expect(faultyFields(new Error(message), 'session')).toEqual(
    new Set(['session.welcome.text', 'session.hours.open[0].days']),
  );
});
