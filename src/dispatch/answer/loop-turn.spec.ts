import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { LoopTurn } from './loop-turn.js';

const LIMIT_MS = 20;

/** A clock that work moves on, within a turn. */
class WorkClock extends ManualClock {
  #workedMs = 0;

  work(ms: number): void {
    this.#workedMs += ms;
  }

  override elapsedMs(): number {
    return this.#workedMs;
  }
}

let clock: WorkClock;
let turn: LoopTurn;

beforeEach(() => {
  clock = new WorkClock();
  turn = new LoopTurn(LIMIT_MS, clock);
});

const nextTurn = () => new Promise((resolve) => void setImmediate(resolve));

/** @returns for each of so many events in a row whether the turn was over. */
function eventsOf(count: number, eachMs: number): boolean[] {
  return Array.from({ length: count }, () => {
    turn.goOn();
    clock.work(eachMs);
    return turn.isOver;
  });
}

it('is over once what came before took the limit', () => {
  expect(eventsOf(7, 4)).toEqual([false, false, false, false, false, true, true]);
});

it('is not over in the next turn', async () => {
  eventsOf(20, 4);
  await nextTurn();
  expect(eventsOf(3, 4)).toEqual([false, false, false]);
});

it('counts each turn for itself', async () => {
  for (let n = 0; n < 10; n++) {
    expect(eventsOf(5, 4)).toEqual([false, false, false, false, false]);
    await nextTurn();
  }
});

it('is not over because the process stood still before its first event, or once within it', () => {
  clock.work(60_000);
  expect(eventsOf(1, 60_000)).toEqual([false]);
  expect(eventsOf(2, 1)).toEqual([false, false]);
});
