import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { noRecorder } from '../../../test/support/recorder.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import type { AttemptResult } from '../endpoint/attempt.js';
import type { HintHead } from '../../queue/event.js';
import { HintLog } from './hint-log.js';

const HINT: HintHead = {
  corpId: 'wwCorp_1',
  openKfId: 'wkAccount-1',
  eventId: 'event-1',
  createdAtS: null,
  lagMs: 0,
  generation: 'g1',
  state: 'waiting',
  arrivedAtMs: 0,
  waitingSinceMs: 0,
  events: 1,
  attempts: 2,
  step: 3,
  dueAtMs: 0,
  endpoint: null,
  lastFailure: null,
  probedAtMs: 0,
  lease: null,
};
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const OF_TRACE = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };
const TAKEN: AttemptResult = { taken: true, status: 204 };
const NOT_TAKEN: AttemptResult = { taken: false, stage: 'status', reason: 'the answer was 500' };

function attempted(oneIn: number, ...results: AttemptResult[]): unknown[] {
  const lines: unknown[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const hintLog = new HintLog(log, new HealthyLogLines(oneIn), noRecorder(new ManualClock()));
  for (const result of results) hintLog.attempted(HINT, undefined, OF_TRACE, 'due', 12, result);
  return lines;
}

it('tells of each attempt what came of it', () => {
  const [taken, notTaken] = attempted(1, TAKEN, NOT_TAKEN);
  expect(taken).toEqual({
    level: 30,
    time: expect.any(Number),
    openKfId: 'wkAccount-1',
    corpId: 'wwCorp_1',
    traceId: TRACE_ID,
    attempt: 3,
    occasion: 'due',
    durationMs: 12,
    taken: true,
    botStatus: 204,
    msg: 'hint.attempted',
  });
  expect(notTaken).toMatchObject({ taken: false, stage: 'status', reason: 'the answer was 500' });
});

it('tells of one in so many that were taken, and of each that was not', () => {
  const lines = attempted(3, TAKEN, TAKEN, NOT_TAKEN, NOT_TAKEN, TAKEN, TAKEN);
  const isTaken = { taken: true, oneIn: 3 };
  expect(lines).toMatchObject([isTaken, { taken: false }, { taken: false }, isTaken]);
  expect(lines[1]).not.toHaveProperty('oneIn');
});
