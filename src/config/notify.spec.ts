import { describe, expect, it } from '@jest/globals';
import { ConfigError, type Environment, loadConfig, toSummary } from './config.js';

const KEY = '693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa';
const ROBOT = `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${KEY}`;

function mistakesOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe('NOTIFY_URL', () => {
  it('may be several, with commas or spaces between them, each once', () => {
    const { notifyUrls } = loadConfig({ NOTIFY_URL: `${ROBOT}, https://ops.example/hook ${ROBOT}` });
    expect(notifyUrls.map((url) => url.reveal())).toEqual([ROBOT, 'https://ops.example/hook']);
    expect(loadConfig({}).notifyUrls).toEqual([]);
  });

  it('is never shown, as it contains a key', () => {
    expect(JSON.stringify(toSummary(loadConfig({ NOTIFY_URL: ROBOT }), { NOTIFY_URL: ROBOT }))).not.toContain(
      KEY,
    );
  });

  it.each([`ftp://ops.example/${KEY}`, `https://user:${KEY}@ops.example`, `https://ops.example#${KEY}`, KEY])(
    'is refused by its place and without its text: %s',
    (url) => {
      expect(mistakesOf({ NOTIFY_URL: `${ROBOT},${url}` })).toEqual([
        'NOTIFY_URL: URL 2 of 2 must be an http:// or https:// URL without user and fragment',
      ]);
    },
  );

  it('is at most ten', () => {
    const urls = Array.from({ length: 11 }, (_, n) => `https://ops.example/${n}`).join(',');
    expect(mistakesOf({ NOTIFY_URL: urls })).toEqual(['NOTIFY_URL: expected at most 10 URLs']);
  });
});

describe('NOTIFY_QUIET_HOURS', () => {
  /** Times of UTC; Shanghai is 8 hours ahead. */
  const isQuiet = (hours: string, time: string, timeZone?: string): boolean | undefined => {
    const config = loadConfig({ NOTIFY_QUIET_HOURS: hours, NOTIFY_TIME_ZONE: timeZone });
    return config.notifyQuietHours?.has(Date.parse(`2026-01-01T${time}Z`), config.notifyTimeZone);
  };

  it('may go over midnight, from the first minute until before the last', () => {
    expect(isQuiet('23:00-07:00', '14:59:59')).toBe(false);
    expect(isQuiet('23:00-07:00', '15:00')).toBe(true);
    expect(isQuiet('23:00-07:00', '16:30')).toBe(true);
    expect(isQuiet('23:00-07:00', '22:59')).toBe(true);
    expect(isQuiet('23:00-07:00', '23:00')).toBe(false);
  });

  it('are of the time zone that is named, and of Shanghai where none is', () => {
    expect(isQuiet('12:00-13:00', '04:30')).toBe(true);
    expect(isQuiet('12:00-13:00', '04:30', 'UTC')).toBe(false);
    expect(isQuiet('12:00-13:00', '12:30', 'UTC')).toBe(true);
  });

  it.each(['23:00', '7:00-8:00', '24:00-07:00', '07:00-07:00', '23:00-07:60'])('are not %s', (hours) => {
    expect(mistakesOf({ NOTIFY_QUIET_HOURS: hours })).toEqual([
      `NOTIFY_QUIET_HOURS: expected two different times of day, such as 23:00-07:00, got "${hours}"`,
    ]);
  });

  it('have no time zone that nobody knows', () => {
    expect(mistakesOf({ NOTIFY_TIME_ZONE: 'Mars/Olympus' })).toEqual([
      expect.stringContaining('NOTIFY_TIME_ZONE: expected a name of the IANA time zone database'),
    ]);
  });
});
