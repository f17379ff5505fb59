import { expect, it } from '@jest/globals';
import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { DeliveryFeed } from './delivery-feed.js';

const ALL = { openKfId: null, outcome: null };

function delivery(fields: Partial<RecordedAttempt> = {}): RecordedAttempt {
  return {
    number: 1,
    atMs: 0,
    corpId: 'wwCorp_1',
    openKfId: 'wkAccount-1',
    endpoint: 'http://puppet:8080',
    occasion: 'inline',
    botId: null,
    isPulled: false,
    attempt: 1,
    isRaw: false,
    eventId: 'event-1',
    result: { taken: true, status: 200 },
    durationMs: 1,
    ...fields,
  };
}

const textOf = (stream: DeliveryFeed): string => String(stream.read() ?? '');
const toText = ({ number }: RecordedAttempt): string => `${number};`;

it('writes what was offered when it is flushed, and nothing twice', () => {
  const stream = new DeliveryFeed(ALL);
  for (const number of [1, 2]) expect(stream.offer(delivery({ number }))).toBe(true);
  expect(textOf(stream)).toBe('');
  stream.flush(toText);
  stream.flush(toText);
  expect(textOf(stream)).toBe('1;2;');
});

it('takes what its reader asked for alone', () => {
  const notTaken = { taken: false, stage: 'connect', reason: 'none' } as const;
  const [of, failed] = [{ ...ALL, openKfId: 'wkAccount-1' }, { ...ALL, outcome: 'not_taken' } as const];
  expect(new DeliveryFeed(of).offer(delivery())).toBe(true);
  expect(new DeliveryFeed(of).offer(delivery({ openKfId: 'wk2' }))).toBe(false);
  expect(new DeliveryFeed(failed).offer(delivery())).toBe(false);
  expect(new DeliveryFeed(failed).offer(delivery({ result: notTaken }))).toBe(true);
});

it('says how many it left out of what came at once', () => {
  const stream = new DeliveryFeed(ALL);
  for (let n = 0; n < 1_000; n++) stream.offer(delivery());
  stream.flush(toText);
  expect(textOf(stream)).toBe(`${'1;'.repeat(50)}event: skipped\ndata: {"count":950}\n\n`);
});

it('holds no more than its bound for a reader that takes nothing, and tells it what it missed', () => {
  const stream = new DeliveryFeed(ALL);
  const long = (): string => 'x'.repeat(1_000);
  for (let n = 0; n < 1_000; n++) {
    stream.offer(delivery());
    stream.flush(long);
  }
  const held = stream.readableLength;
  expect(held).toBeGreaterThanOrEqual(65_536);
  expect(held).toBeLessThan(65_536 + 1_000);
  textOf(stream);
  stream.flush(long);
  expect(textOf(stream)).toBe(`event: skipped\ndata: {"count":${1_000 - held / 1_000}}\n\n`);
});

it('beats, and gives up a reader that has taken nothing for a minute', () => {
  const stream = new DeliveryFeed(ALL);
  stream.beat();
  expect(textOf(stream)).toBe(':\n\n');
  stream.offer(delivery());
  stream.flush(() => 'x'.repeat(70_000));
  for (let beat = 0; beat < 3; beat++) stream.beat();
  expect(stream.destroyed).toBe(false);
  stream.beat();
  expect(stream.destroyed).toBe(true);
});
