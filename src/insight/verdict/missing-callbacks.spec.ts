import { describe, expect, it } from '@jest/globals';
import { ARRIVAL_HOURS, type BotArrivals, type CorpArrivals } from '../../dispatch/inline/arrivals.js';
import { HourCounts } from '../../log/hour-counts.js';
import { missingCallbacks } from './missing-callbacks.js';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A Monday, 10:30. */
const NOW_MS = Date.UTC(2026, 0, 12, 10, 30);

const ofBot = (changes: Partial<BotArrivals> = {}): BotArrivals => ({
  ...{ botId: 'bot-1', corpId: 'ww1', atMs: 0, untold: [], lateMs: 5 * MINUTE_MS },
  ...changes,
});
const ofBots = (...bots: BotArrivals[]) => missingCallbacks(bots, [], 0, NOW_MS);

describe('callbacks of a bot that takes messages', () => {
  it('are missing once messages were found untold twice in a row', () => {
    expect(ofBots(ofBot({ untold: [NOW_MS] }))).toEqual([]);
    expect(ofBots(ofBot({ untold: [NOW_MS - MINUTE_MS, NOW_MS] }))).toEqual([
      {
        ...{ corpId: 'ww1', botId: 'bot-1', why: 'untold' },
        ...{ sinceMs: NOW_MS - MINUTE_MS, lateMs: 5 * MINUTE_MS },
      },
    ]);
  });

  it('are only lossy if one came in between', () => {
    const untold = [NOW_MS - 3 * MINUTE_MS, NOW_MS - MINUTE_MS];
    expect(ofBots(ofBot({ untold, atMs: NOW_MS - 2 * MINUTE_MS }))).toEqual([]);
    expect(ofBots(ofBot({ untold, atMs: NOW_MS - 4 * MINUTE_MS }))).toHaveLength(1);
  });

  it('of several bots of a corp are one cause', () => {
    const untold = [NOW_MS - MINUTE_MS, NOW_MS];
    const found = ofBots(ofBot({ untold }), ofBot({ botId: 'bot-2', untold, lateMs: 9 * MINUTE_MS }));
    expect(found).toMatchObject([{ corpId: 'ww1', botId: null, lateMs: 9 * MINUTE_MS }]);
  });
});

/** @param perHour of the hour that is so many hours ago. */
function ofCorp(perHour: (hoursAgo: number) => number): CorpArrivals {
  const counts = new HourCounts(ARRIVAL_HOURS);
  let lastMs = 0;
  for (let ago = ARRIVAL_HOURS - 1; ago >= 0; ago--)
    for (let n = 0; n < perHour(ago); n++) counts.add((lastMs = NOW_MS - ago * HOUR_MS));
  return { corpId: 'ww1', atMs: lastMs, hours: counts.list(NOW_MS) };
}
/** Of the hour that is so many hours ago. */
const hourOfDay = (ago: number) => (((10 - ago) % 24) + 24) % 24;
const isDay = (ago: number) => hourOfDay(ago) >= 8 && hourOfDay(ago) < 22;
const silenceOf = (corp: CorpArrivals, watchedSinceMs = 0) =>
  missingCallbacks([], [corp], watchedSinceMs, NOW_MS).map(({ why }) => why);

describe('callbacks of an app', () => {
  it('have ceased if none came in the hours in which a hundred came on each of the three days before', () => {
    expect(silenceOf(ofCorp((ago) => (ago <= 1 ? 0 : 100)))).toEqual(['silent']);
    expect(silenceOf(ofCorp((ago) => (ago <= 1 ? 0 : 99)))).toEqual([]);
  });

  it('have ceased for as long as none comes', () => {
    expect(silenceOf(ofCorp((ago) => (ago <= 60 ? 0 : 100)))).toEqual(['silent']);
  });

  it('may be none at night', () => {
    expect(silenceOf(ofCorp((ago) => (isDay(ago) && ago > 12 ? 300 : 0)))).toEqual(['silent']);
    const sinceEvening = ofCorp((ago) => (isDay(ago) && ago > 2 ? 300 : 0));
    expect(sinceEvening.atMs).toBe(NOW_MS - 13 * HOUR_MS);
    // From 22:00 to 8:00 none came on the days before; from 8:00 on too few hours have passed for 30 an hour.
    expect(silenceOf(ofCorp((ago) => (isDay(ago) && ago > 2 ? 30 : 0)))).toEqual([]);
  });

  it('may be none for hours of an app that is called seldom, or known for two days', () => {
    expect(silenceOf(ofCorp((ago) => (ago <= 24 ? 0 : 4)))).toEqual([]);
    expect(silenceOf(ofCorp((ago) => (ago <= 1 || ago > 48 ? 0 : 500)))).toEqual([]);
  });

  it('are not awaited from a time at which nobody was there to be called', () => {
    const corp = ofCorp((ago) => (ago <= 5 ? 0 : 500));
    expect(silenceOf(corp)).toEqual(['silent']);
    expect(silenceOf(corp, NOW_MS - 10 * MINUTE_MS)).toEqual([]);
    expect(silenceOf(corp, NOW_MS - 2 * HOUR_MS)).toEqual(['silent']);
  });
});
