import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Secret } from '../kernel/secret.js';
import { clearedCookie, hasSession, type Session, Sessions, setCookieOf } from './sessions.js';

const [OLD, NEW] = [new Secret('old-secret-of-the-operators'), new Secret('new-secret-of-the-operators')];
const HOURS_12_MS = 12 * 3_600_000;

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

const sessionsOf = (...secrets: Secret[]) => new Sessions(secrets, clock);

function opened(secret: Secret): Session {
  const session = sessionsOf(OLD, NEW).open(secret);
  if (session === null) throw new Error('no session was opened');
  return session;
}

/** As the browser sends it back, among others. */
const cookieOf = ({ value }: Session) => `theme=dark; wxkf_session=${value.reveal()}; a=b`;

describe('a session', () => {
  it.each([OLD, NEW])('is opened by any of the secrets, and counts for 12 hours', async (secret) => {
    const session = opened(secret);
    expect(session.endMs).toBe(clock.nowMs() + HOURS_12_MS);
    await clock.advance(HOURS_12_MS - 1);
    expect(sessionsOf(OLD, NEW).endMsOf(cookieOf(session))).toBe(session.endMs);
    await clock.advance(1);
    expect(sessionsOf(OLD, NEW).endMsOf(cookieOf(session))).toBeNull();
  });

  it.each(['', 'x', 'secret-of-somebody-else', 'old-secret-of-the-operators '])(
    'is not opened by what is none of them: %j',
    (text) => {
      expect(sessionsOf(OLD, NEW).open(new Secret(text))).toBeNull();
      expect(sessionsOf().open(new Secret(text))).toBeNull();
    },
  );

  it('ends with the secret that it was opened with, and with no other', () => {
    const [byOld, byNew] = [opened(OLD), opened(NEW)];
    expect(sessionsOf(NEW).endMsOf(cookieOf(byNew))).toBe(byNew.endMs);
    expect(sessionsOf(NEW).endMsOf(cookieOf(byOld))).toBeNull();
    expect(sessionsOf().endMsOf(cookieOf(byNew))).toBeNull();
  });

  it('holds nothing of the secret', () => {
    const session = opened(OLD);
    const value = session.value.reveal();
    expect(value).toMatch(/^\d{13}\.[\w-]{43}$/);
    expect(value).not.toContain(OLD.reveal());
    expect(JSON.stringify(session)).not.toContain(value);
  });

  it('cannot be made longer, or changed by a bit', () => {
    const session = opened(OLD);
    const [end = '', signature = ''] = session.value.reveal().split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return `${end}.${changed.toString('base64url')}`;
    });
    for (const value of [`${Number(end) + 1}.${signature}`, ...flipped]) {
      expect(sessionsOf(OLD, NEW).endMsOf(`wxkf_session=${value}`)).toBeNull();
    }
  });

  it.each([
    undefined,
    '',
    '=',
    'wxkf_session',
    'wxkf_session=',
    'wxkf_session=x',
    'wxkf_session=9999999999999.',
    `wxkf_session=9999999999999.${'A'.repeat(43)}`,
    `wxkf_session=9999999999999.${'A'.repeat(44)}`,
    `wxkf_session=${'9'.repeat(400)}.${'A'.repeat(43)}`,
    'wxkf_session=%00; wxkf_session=%zz',
    '__proto__=x; constructor=y',
  ])('is nothing of that kind: %j', (cookie) => {
    expect(sessionsOf(OLD, NEW).endMsOf(cookie)).toBeNull();
  });

  it('is there also where it is no good', () => {
    expect(hasSession('a=b; wxkf_session=x')).toBe(true);
    for (const cookie of [undefined, '', 'a=wxkf_session', 'wxkf_session=', 'xwxkf_session=x'])
      expect(hasSession(cookie)).toBe(false);
  });
});

describe('its cookie', () => {
  it('is for no script, no other site, and over https for https alone', () => {
    const session = opened(OLD);
    const plain = `wxkf_session=${session.value.reveal()}; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict`;
    const secure = plain.replace('HttpOnly;', 'HttpOnly; Secure;');
    expect(setCookieOf(session, false)).toBe(plain);
    expect(setCookieOf(session, true)).toBe(secure);
    expect(clearedCookie(true)).toBe('wxkf_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict');
  });
});
