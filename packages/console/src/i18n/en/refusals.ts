import { plural } from '../../../../../src/insight/words/en/plural.js';
import { reasons, unknown } from '../../../../../src/insight/words/en/refusals.js';

export const refusals = {
  tab: 'Refused callbacks',
  intro: 'Callbacks of the last day that were refused: why, from where, and what to do.',
  table: 'Refused callbacks by corp, reason and address, the latest first',
  why: 'Why',
  remedy: 'What to do',
  address: 'Came from',
  count: 'Times',
  times: (count: number) => plural(count, 'time'),
  toRecords: 'Its records in the log',
  last: 'Last',
  noCorp: 'no corp in the URL',
  nothing: 'No callback was refused',
  nothingText: 'Within the last day, as far as the delivery log reaches.',
  notWhole: 'There were too many to count: these are the latest 2,000.',
  reasons,
  unknown,
  called: (source: string, ago: string, what: string) => `WeCom (${source}) called ${ago}, and ${what}.`,
};
