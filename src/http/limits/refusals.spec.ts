import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS, type ErrorCode } from '../../kernel/error-table.js';
import { isOneOfTooMany, Refusals } from './refusals.js';

let clock: ManualClock;
let lines: Record<string, unknown>[];
let refusals: Refusals;

beforeEach(() => {
  clock = new ManualClock();
  lines = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  refusals = new Refusals(clock, log);
});

/** @returns the codes of the answers, each with how often it was given in a row. */
function answersTo(code: ErrorCode, times: number, address: string): string[] {
  const codes = Array.from({ length: times }, () => refusals.judge(new AppError(code), address).code);
  return [...new Set(codes)].map((one) => `${codes.filter((given) => given === one).length} ${one}`);
}

const SIGNATURE = 'CALLBACK_SIGNATURE_MISMATCH';

describe('refusals of one address', () => {
  it('are answered alike once there were too many callbacks in a minute', async () => {
    expect(answersTo(SIGNATURE, 100, '10.0.0.1')).toEqual([
      `60 ${SIGNATURE}`,
      '40 CALLBACK_TOO_MANY_REFUSED',
    ]);
    await clock.advance(60_000);
    expect(answersTo(SIGNATURE, 1, '10.0.0.1')).toEqual([`1 ${SIGNATURE}`]);
  });

  it('are answered alike once there were too many credentials in a minute', () => {
    expect(answersTo('AUTH_WRONG', 50, '10.0.0.1')).toEqual(['30 AUTH_WRONG', '20 AUTH_TOO_MANY_FAILED']);
  });

  it('count keys of bots that are wrong at a tunnel, and not one that is missing', () => {
    expect(answersTo('TUNNEL_KEY_WRONG', 31, '10.0.0.1')).toContain('1 AUTH_TOO_MANY_FAILED');
    expect(answersTo('TUNNEL_KEY_MISSING', 31, '10.0.0.1')).toEqual(['31 TUNNEL_KEY_MISSING']);
  });

  it('count together when they are of a kind, and not with those of the other', () => {
    answersTo('CIPHER_PADDING_INVALID', 30, '10.0.0.1');
    answersTo('CALLBACK_CORP_UNKNOWN', 30, '10.0.0.1');
    expect(answersTo('AUTH_MISSING', 30, '10.0.0.1')).toEqual(['30 AUTH_MISSING']);
    expect(answersTo(SIGNATURE, 1, '10.0.0.1')).toEqual(['1 CALLBACK_TOO_MANY_REFUSED']);
  });

  it('count for nobody else, whatever the form of the address', () => {
    answersTo(SIGNATURE, 60, '::ffff:10.0.0.1');
    expect(answersTo(SIGNATURE, 1, '10.0.0.2')).toEqual([`1 ${SIGNATURE}`]);
    expect(answersTo(SIGNATURE, 1, '10.0.0.1')).toEqual(['1 CALLBACK_TOO_MANY_REFUSED']);
    answersTo(SIGNATURE, 60, '2001:db8::1');
    expect(answersTo(SIGNATURE, 1, '2001:db8::2:1')).toEqual(['1 CALLBACK_TOO_MANY_REFUSED']);
  });

  it('say when a reason is given again, and tell the log the reason', async () => {
    answersTo(SIGNATURE, 60, '10.0.0.1');
    await clock.advance(15_000);
    const error = refusals.judge(new AppError(SIGNATURE), '10.0.0.1');
    expect(error).toMatchObject({ retryAfterS: 45, internal: { insteadOf: SIGNATURE } });
    expect(ERRORS[error.code].status).toBe(429);
    expect(isOneOfTooMany(error)).toBe(true);
  });

  it('are known beforehand, for as long as they count', async () => {
    answersTo(SIGNATURE, 60, '10.0.0.1');
    expect(refusals.findTooMany('10.0.0.1')).toBeNull();
    answersTo(SIGNATURE, 1, '10.0.0.1');
    answersTo('AUTH_WRONG', 100, '10.0.0.2');
    await clock.advance(15_000);
    const tooMany = { code: 'CALLBACK_TOO_MANY_REFUSED', retryAfterS: 45 };
    expect(refusals.findTooMany('::ffff:10.0.0.1')).toMatchObject(tooMany);
    expect(refusals.findTooMany('10.0.0.2')).toBeNull();
    await clock.advance(45_000);
    expect(refusals.findTooMany('10.0.0.1')).toBeNull();
  });

  it('have one warning a minute', async () => {
    const told = { msg: 'http.too_many_failures', level: 40, address: '10.0.0.1', failed: 'signatures' };
    answersTo(SIGNATURE, 500, '10.0.0.1');
    expect(lines).toEqual([expect.objectContaining({ ...told, perMinute: 60, error: SIGNATURE })]);
    await clock.advance(60_000);
    answersTo(SIGNATURE, 500, '10.0.0.1');
    expect(lines).toHaveLength(2);
  });
});

it.each(
  Object.keys(ERRORS).filter(
    (code) => !/^(CALLBACK|CIPHER|AUTH)_|^TUNNEL_KEY_WRONG$/.test(code),
  ) as ErrorCode[],
)('%s is no such refusal', (code) => {
  expect(answersTo(code, 100, '10.0.0.1')).toEqual([`100 ${code}`]);
  expect(isOneOfTooMany(new AppError(code))).toBe(false);
});

it('counts every way in which a text does not open', () => {
  for (const code of Object.keys(ERRORS).filter((one) => one.startsWith('CIPHER_')) as ErrorCode[]) {
    expect(answersTo(code, 61, code)).toContain('1 CALLBACK_TOO_MANY_REFUSED');
  }
});
