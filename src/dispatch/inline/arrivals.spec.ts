import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Arrivals } from './arrivals.js';

const ACCOUNT = { corpId: 'ww1', openKfId: 'wk1' };
const MINUTE_MS = 60_000;

let clock: ManualClock;
let here: Arrivals;
let there: Arrivals;

beforeEach(() => {
  clock = new ManualClock();
  [here, there] = [new Arrivals(clock), new Arrivals(clock)];
});

function tell(from: Arrivals, to: Arrivals): void {
  const { corps, bots } = from.takeNews();
  to.addOfOther(corps, bots);
}

describe('what came in', () => {
  it('is counted by corp and hour at all processes together, without what is pulled', async () => {
    here.came(ACCOUNT, null);
    there.came(ACCOUNT, null);
    tell(there, here);
    await clock.advance(60 * MINUTE_MS);
    there.came(ACCOUNT, null);
    there.came(ACCOUNT, 'bot-1');
    tell(there, here);
    expect(here.corps()).toMatchObject([{ corpId: 'ww1', atMs: clock.nowMs() }]);
    expect(here.corps()[0]?.hours.slice(-3)).toEqual([0, 2, 1]);
    expect(here.lastOfCorp('ww1')).toBe(clock.nowMs());
    expect(there.takeNews()).toEqual({ corps: [], bots: [] });
  });
});

describe('what was found without an event', () => {
  it('counts together at whichever process it was found', async () => {
    here.untold('ww1', 'bot-1', clock.nowMs(), 5 * MINUTE_MS);
    await clock.advance(MINUTE_MS);
    there.untold('ww1', 'bot-1', clock.nowMs(), 9 * MINUTE_MS);
    tell(there, here);
    tell(there, here);
    expect(here.bots()).toEqual([
      {
        ...{ botId: 'bot-1', corpId: 'ww1', atMs: 0, lateMs: 9 * MINUTE_MS },
        untold: [clock.nowMs() - MINUTE_MS, clock.nowMs()],
      },
    ]);
  });

  it('is over once an event came in after it, to whichever process', async () => {
    for (let n = 0; n < 30; n++) here.untold('ww1', 'bot-1', clock.nowMs() + n, 5 * MINUTE_MS);
    expect(here.bots()[0]?.untold).toHaveLength(10);
    await clock.advance(MINUTE_MS);
    there.came(ACCOUNT, 'bot-1');
    tell(there, here);
    expect(here.bots()).toMatchObject([{ atMs: clock.nowMs(), untold: [], lateMs: 0 }]);
  });
});
