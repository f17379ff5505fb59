import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Secret } from '../../kernel/secret.js';
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
const backWith = ({ value }: Session) => plain(`theme=dark; wxkf_session=${value.reveal()}; a=b`);
const plain = (cookie?: string) => ({ protocol: 'http' as const, headers: { cookie } });
const secure = (cookie?: string) => ({ protocol: 'https' as const, headers: { cookie } });

describe('a session', () => {
  it.each([OLD, NEW])('is opened by any of the secrets, and counts for 12 hours', async (secret) => {
    const session = opened(secret);
    expect(session.endMs).toBe(clock.nowMs() + HOURS_12_MS);
    await clock.advance(HOURS_12_MS - 1);
    expect(sessionsOf(OLD, NEW).endMsOf(backWith(session))).toBe(session.endMs);
    await clock.advance(1);
    expect(sessionsOf(OLD, NEW).endMsOf(backWith(session))).toBeNull();
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
    expect(sessionsOf(NEW).endMsOf(backWith(byNew))).toBe(byNew.endMs);
    expect(sessionsOf(NEW).endMsOf(backWith(byOld))).toBeNull();
    expect(sessionsOf().endMsOf(backWith(byNew))).toBeNull();
  });

  it('holds nothing of the secret', () => {
    const session = opened(OLD);
    const value = session.value.reveal();
    expect(value).toMatch(/^\d{13}\.[\w-]{16}\.[\w-]{43}$/);
    expect(value).not.toContain(OLD.reveal());
    expect(JSON.stringify(session)).not.toContain(value);
  });

  it('cannot be made longer, or changed by a bit', () => {
    const session = opened(OLD);
    const [end = '', id = '', signature = ''] = session.value.reveal().split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const flipped = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return `${end}.${id}.${changed.toString('base64url')}`;
    });
    for (const value of [
      `${Number(end) + 1}.${id}.${signature}`,
      `${end}.${'A'.repeat(16)}.${signature}`,
      ...flipped,
    ]) {
      expect(sessionsOf(OLD, NEW).endMsOf(plain(`wxkf_session=${value}`))).toBeNull();
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
    `wxkf_session=9999999999999.${'A'.repeat(16)}.${'A'.repeat(43)}`,
    `wxkf_session=9999999999999.${'A'.repeat(16)}.${'A'.repeat(44)}`,
    `wxkf_session=${'9'.repeat(400)}.${'A'.repeat(16)}.${'A'.repeat(43)}`,
    'wxkf_session=%00; wxkf_session=%zz',
    '__proto__=x; constructor=y',
  ])('is nothing of that kind: %j', (cookie) => {
    expect(sessionsOf(OLD, NEW).endMsOf(plain(cookie))).toBeNull();
  });

  it('is there also where it is no good', () => {
    expect(hasSession(plain('a=b; wxkf_session=x'))).toBe(true);
    for (const cookie of [undefined, '', 'a=wxkf_session', 'wxkf_session=', 'xwxkf_session=x'])
      expect(hasSession(plain(cookie))).toBe(false);
  });
});

describe('signing out', () => {
  it('ends that session and no other, also of one who signed in at the same moment', () => {
    const sessions = sessionsOf(OLD);
    const [one, other] = [sessions.open(OLD), sessions.open(OLD)] as [Session, Session];
    sessions.end(backWith(one));
    expect(sessions.endMsOf(backWith(one))).toBeNull();
    expect(sessions.endMsOf(backWith(other))).toBe(other.endMs);
    sessions.end(backWith(one));
    expect(sessions.endMsOf(backWith(one))).toBeNull();
  });

  it('is remembered of those alone that were signed in, and of 10000 of them', () => {
    const sessions = sessionsOf(OLD);
    const opened = Array.from({ length: 10_001 }, () => sessions.open(OLD) as Session);
    const [first, second] = opened as [Session, Session];
    const isEnded = (session: Session) => sessions.endMsOf(backWith(session)) === null;
    for (const session of opened.slice(0, -1)) sessions.end(backWith(session));
    const foreign = sessionsOf(NEW).open(NEW) as Session;
    for (const request of [backWith(foreign), backWith(first), plain('wxkf_session=x'), plain()])
      sessions.end(request);
    expect(opened.filter((session) => !isEnded(session))).toEqual(opened.slice(-1));
    for (const session of opened.slice(-1)) sessions.end(backWith(session));
    expect([isEnded(first), isEnded(second)]).toEqual([false, true]);
  });

  it('makes room when those who signed out would have ended', async () => {
    const sessions = sessionsOf(OLD);
    const end = (count: number) => {
      const opened = Array.from({ length: count }, () => sessions.open(OLD) as Session);
      for (const session of opened) sessions.end(backWith(session));
      return opened;
    };
    end(5_000);
    await clock.advance(HOURS_12_MS / 2);
    const later = end(5_000);
    await clock.advance(HOURS_12_MS / 2);
    end(4_999);
    expect(later.filter((session) => sessions.endMsOf(backWith(session)) !== null)).toEqual([]);
  });
});

describe('its cookie', () => {
  it('is for no script, no other site, and over https for https and this host alone', () => {
    const session = opened(OLD);
    const value = session.value.reveal();
    const attributes = 'Max-Age=43200; Path=/; HttpOnly';
    expect(setCookieOf(session, 'http')).toBe(`wxkf_session=${value}; ${attributes}; SameSite=Strict`);
    expect(setCookieOf(session, 'https')).toBe(
      `__Host-wxkf_session=${value}; ${attributes}; Secure; SameSite=Strict`,
    );
    expect(clearedCookie('https')).toBe(
      '__Host-wxkf_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    );
  });

  it('counts over https under the name alone that no other host can set', () => {
    const session = opened(OLD);
    const named = `__Host-wxkf_session=${session.value.reveal()}`;
    const asPlain = named.replace('__Host-', '');
    const endsOf = (cookie: string) =>
      [plain(cookie), secure(cookie)].map((request) => sessionsOf(OLD).endMsOf(request));
    expect(endsOf(named)).toEqual([null, session.endMs]);
    expect(endsOf(asPlain)).toEqual([session.endMs, null]);
  });
});
