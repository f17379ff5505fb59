import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { HINT_LIFE_MS } from './retry-schedule.js';
import { SEEN_EVENTS_MAX, SeenEvents } from './seen-events.js';

let clock: ManualClock;
let seen: SeenEvents;

beforeEach(() => {
  clock = new ManualClock();
  seen = new SeenEvents(clock);
});

it('gives the time at which an event came in first, for 3 days', async () => {
  const firstMs = seen.note('one');
  await clock.advance(60_000);
  expect(seen.note('one')).toBe(firstMs);
  expect(seen.note('other')).toBe(firstMs + 60_000);
  await clock.advance(HINT_LIFE_MS - 60_000);
  expect(seen.note('one')).toBe(firstMs + HINT_LIFE_MS);
});

describe('which of two came in first', () => {
  it('is known of two that are remembered, however often they came again', () => {
    for (const id of ['one', 'other', 'one', 'other', 'other']) seen.note(id);
    expect([seen.isFirst('one', 'other'), seen.isFirst('other', 'one')]).toEqual([true, false]);
  });

  it('is not known of one that never came, nor of an event and itself', () => {
    seen.note('one');
    expect([seen.isFirst('one', 'never'), seen.isFirst('never', 'one'), seen.isFirst('one', 'one')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is known of the latest 50,000', () => {
    for (let n = 0; n <= SEEN_EVENTS_MAX; n++) seen.note(`event-${n}`);
    expect(seen.isFirst('event-1', `event-${SEEN_EVENTS_MAX}`)).toBe(true);
    expect(seen.isFirst('event-0', 'event-1')).toBe(false);
  });
});
