import { expect, it } from '@jest/globals';
import { firstIdAt, isJournalId, JournalIds, timeOfId } from './journal.js';

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

it('ids sort by time, and in the order in which they were given', () => {
  const ids = new JournalIds();
  const times = [AT_MS, AT_MS, AT_MS + 1, AT_MS - 5_000, AT_MS + 2];
  const given = times.map((atMs) => ids.next(atMs));
  expect(given.toSorted()).toEqual(given);
  expect(given.every(isJournalId)).toBe(true);
  expect(given.map(timeOfId)).toEqual([AT_MS, AT_MS, AT_MS + 1, AT_MS + 1, AT_MS + 2]);
});

it('an id is not before the first one of its time, nor after that of the next', () => {
  const id = new JournalIds().next(AT_MS);
  expect(firstIdAt(AT_MS) <= id && id < firstIdAt(AT_MS + 1)).toBe(true);
  expect(isJournalId(firstIdAt(AT_MS))).toBe(false);
});
