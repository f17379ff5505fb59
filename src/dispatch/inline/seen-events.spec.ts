import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { SEEN_EVENTS_MAX, SeenEvents } from './seen-events.js';
import { MESSAGE_LIFE_MS } from '../../queue/message.js';

let clock: ManualClock;
let seen: SeenEvents;

beforeEach(() => {
  clock = new ManualClock();
  seen = new SeenEvents(clock);
});

it('gives the time at which an event came in first, for 3 days', async () => {
  const firstMs = seen.note('one').atMs;
  await clock.advance(60_000);
  expect(seen.note('one').atMs).toBe(firstMs);
  expect(seen.note('other').atMs).toBe(firstMs + 60_000);
  await clock.advance(MESSAGE_LIFE_MS - 60_000);
  expect(seen.note('one').atMs).toBe(firstMs + MESSAGE_LIFE_MS);
});

describe('which of two came in first', () => {
  const isFirst = (id: string, otherId: string) => seen.find(id)?.isBefore(otherId) === true;

  it('is known of two that are remembered, however often they came again', () => {
    for (const id of ['one', 'other', 'one', 'other', 'other']) seen.note(id);
    expect([isFirst('one', 'other'), isFirst('other', 'one')]).toEqual([true, false]);
  });

  it('is not known of one that never came, nor of an event and itself', () => {
    seen.note('one');
    expect([isFirst('one', 'never'), isFirst('never', 'one'), isFirst('one', 'one')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is known of the latest 50,000', () => {
    for (let n = 0; n <= SEEN_EVENTS_MAX; n++) seen.note(`event-${n}`);
    expect(isFirst('event-1', `event-${SEEN_EVENTS_MAX}`)).toBe(true);
    expect(isFirst('event-0', 'event-1')).toBe(false);
  });
});
