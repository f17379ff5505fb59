import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { TunnelLimits } from './tunnel-limits.js';

let clock: ManualClock;
let limits: TunnelLimits;

beforeEach(() => {
  clock = new ManualClock();
  limits = new TunnelLimits(clock);
});

const begin = (count: number, bot = 'bot-1') => Array.from({ length: count }, () => limits.begin(bot));

it('lets a bot open 30 within any second', async () => {
  begin(20);
  await clock.advance(600);
  begin(10);
  expect(() => begin(1)).toThrow(/30 were opened within a second/);
  await clock.advance(399);
  expect(() => begin(1)).toThrow();
  await clock.advance(1);
  begin(20);
  expect(() => begin(1)).toThrow(expect.objectContaining({ code: 'TUNNELS_TOO_MANY', retryAfterS: 1 }));
});

it('lets a bot have 64 open', async () => {
  const ends = begin(30);
  await clock.advance(1_000);
  begin(30);
  await clock.advance(1_000);
  begin(4);
  expect(() => begin(1)).toThrow(/64 are open/);
  ends[0]?.();
  begin(1);
  expect(() => begin(1)).toThrow(/64 are open/);
});

it('counts each bot by itself, and one that was idle like a new one', async () => {
  for (const end of begin(30)) end();
  begin(30, 'bot-2');
  expect(() => begin(1)).toThrow();
  await clock.advance(1_000);
  for (const end of begin(30)) end();
});
