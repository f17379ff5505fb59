import { expect, it } from '@jest/globals';
import { english } from '../src/i18n/english.js';
import { quietTitle } from '../src/pages/overview/quiet-title.js';

const title = (uptimeS: number): string =>
  quietTitle(uptimeS, english.overview.verdict, (seconds) => `${seconds / 60} min`);

it('says of a quiet hour only what the replica that answers knows', () => {
  expect(title(7_200)).toBe('No bot took an event from this replica during the last hour');
  expect(title(240)).toBe('No bot has taken an event from this replica since it started, 4 min ago');
});
