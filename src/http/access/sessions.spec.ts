import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { operatorOf } from '../../../test/support/operators.js';
import { type Environment, loadConfig } from '../../config/config.js';
import { oidcOf } from '../../config/oidc.js';
import { Secret } from '../../kernel/secret.js';
import { KnownOperators } from '../../operators/known-operators.js';
import { OPERATORS } from '../../operators/operator.js';
import { clearedCookie, hasSession, type OpenedSession, Sessions, setCookieOf } from './sessions.js';

const [OLD, NEW] = [new Secret('old-secret-of-the-operators'), new Secret('new-secret-of-the-operators')];
const HOURS_12_MS = 12 * 3_600_000;

let clock: ManualClock;
let known: KnownOperators;

beforeEach(() => {
  clock = new ManualClock();
  known = new KnownOperators(new MemoryRecords(), clock);
});

const sessionsOf = (...secrets: Secret[]) =>
  new Sessions({ shared: secrets, signing: secrets }, clock, known);

function opened(secret: Secret): OpenedSession {
  const session = sessionsOf(OLD, NEW).open(secret);
  if (session === null) throw new Error('no session was opened');
  return session;
}

/** As the browser sends it back, among others. */
const backWith = ({ value }: OpenedSession) => plain(`theme=dark; wxkf_session=${value.reveal()}; a=b`);
const plain = (cookie?: string) => ({ protocol: 'http' as const, headers: { cookie } });
const secure = (cookie?: string) => ({ protocol: 'https' as const, headers: { cookie } });

describe('a session', () => {
  it.each([OLD, NEW])('is opened by any of the secrets, and counts for 12 hours', async (secret) => {
    const session = opened(secret);
    expect(session.endMs).toBe(clock.nowMs() + HOURS_12_MS);
    await clock.advance(HOURS_12_MS - 1);
    expect(sessionsOf(OLD, NEW).find(backWith(session))).toMatchObject({ endMs: session.endMs });
    await clock.advance(1);
    expect(sessionsOf(OLD, NEW).find(backWith(session))).toBeNull();
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
    expect(sessionsOf(NEW).find(backWith(byNew))).toMatchObject({ endMs: byNew.endMs });
    expect(sessionsOf(NEW).find(backWith(byOld))).toBeNull();
    expect(sessionsOf().find(backWith(byNew))).toBeNull();
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
      expect(sessionsOf(OLD, NEW).find(plain(`wxkf_session=${value}`))).toBeNull();
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
    expect(sessionsOf(OLD, NEW).find(plain(cookie))).toBeNull();
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
    const [one, other] = [sessions.open(OLD), sessions.open(OLD)] as [OpenedSession, OpenedSession];
    sessions.end(backWith(one));
    expect(sessions.find(backWith(one))).toBeNull();
    expect(sessions.find(backWith(other))).toMatchObject({ endMs: other.endMs });
    sessions.end(backWith(one));
    expect(sessions.find(backWith(one))).toBeNull();
  });
});

describe('a session of a named operator', () => {
  const alice = operatorOf({ role: 'reader', secret: 'wxop_of-alice' });
  const TOKEN = new Secret('wxop_of-alice');
  let data: RecordData;

  beforeEach(async () => {
    data = new RecordData();
    known = new KnownOperators(new MemoryRecords(data), clock);
    await new MemoryRecords(data).of(OPERATORS).add(alice);
    await known.read();
  });

  it('is opened by the token, and says whose it is', () => {
    const session = sessionsOf(OLD).open(TOKEN) as OpenedSession;
    expect(session.operator).toMatchObject({ name: 'alice', role: 'reader' });
    expect(sessionsOf(OLD).find(backWith(session))).toMatchObject({
      endMs: session.endMs,
      operator: { name: 'alice', role: 'reader' },
    });
    expect(session.value.reveal()).not.toContain(alice.token.hash);
  });

  it('counts with any secret of the settings that it was signed with, and with no other', () => {
    const session = sessionsOf(OLD, NEW).open(TOKEN) as OpenedSession;
    expect(sessionsOf(NEW, OLD).find(backWith(session))).not.toBeNull();
    // Whoever has the hash from the store has no such secret.
    expect(sessionsOf(NEW).find(backWith(session))).toBeNull();
    expect(sessionsOf().find(backWith(session))).toBeNull();
    expect(sessionsOf().open(TOKEN)).toBeNull();
  });

  it('ends with the operator', async () => {
    const session = sessionsOf(OLD).open(TOKEN) as OpenedSession;
    await new MemoryRecords(data).of(OPERATORS).remove('alice');
    await known.read();
    expect(sessionsOf(OLD).find(backWith(session))).toBeNull();
  });

  it('ends with the token', async () => {
    const session = sessionsOf(OLD).open(TOKEN) as OpenedSession;
    const { token } = operatorOf({ secret: 'wxop_next' });
    await new MemoryRecords(data).of(OPERATORS).change('alice', () => ({ ...alice, token }));
    await known.read();
    expect(sessionsOf(OLD).find(backWith(session))).toBeNull();
    expect(sessionsOf(OLD).open(TOKEN)).toBeNull();
    expect(sessionsOf(OLD).open(new Secret('wxop_next'))).not.toBeNull();
  });

  it('that was signed out has ended on another replica too, as soon as that has read the store', async () => {
    const [one, other] = [sessionsOf(OLD).open(TOKEN), sessionsOf(OLD).open(TOKEN)] as [
      OpenedSession,
      OpenedSession,
    ];
    const elsewhere = new KnownOperators(new MemoryRecords(data), clock);
    await elsewhere.read();
    const replica = new Sessions({ shared: [OLD], signing: [OLD] }, clock, elsewhere);
    expect(replica.find(backWith(one))).not.toBeNull();
    sessionsOf(OLD).end(backWith(one));
    expect(sessionsOf(OLD).find(backWith(one))).toBeNull();
    await known.write();
    await elsewhere.read();
    expect(replica.find(backWith(one))).toBeNull();
    expect(replica.find(backWith(other))).not.toBeNull();
    expect(sessionsOf(OLD).find(backWith(one))).toBeNull();
  });
});

describe('a session of whom a provider has confirmed', () => {
  const ALICE = { name: 'álice 王 (OIDC)', role: 'reader', subject: 'subject-1' } as const;
  const SETTINGS: Environment = {
    OIDC_ISSUER: 'https://login.example',
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    OIDC_ADMIN_GROUPS: 'ops',
    PUBLIC_URL: 'https://wxkf.example',
  };

  function replica(
    changed: Environment = {},
    signing: readonly Secret[] = [OLD],
    operators = known,
  ): Sessions {
    const oidc = oidcOf(loadConfig({ ...SETTINGS, ...changed }));
    return new Sessions({ shared: [], signing, oidc }, clock, operators);
  }

  it('says on every replica who it is, and counts for 8 hours', async () => {
    const session = replica().openConfirmed(ALICE);
    const { subject: _, ...operator } = ALICE;
    expect(setCookieOf(session, 'http')).toContain('; Max-Age=28800; ');
    await clock.advance(8 * 3_600_000 - 1);
    expect(replica().find(backWith(session))).toEqual({
      id: expect.any(String),
      tokenId: expect.stringMatching(/^[\w-]{12}$/),
      endMs: session.endMs,
      operator,
    });
    await clock.advance(1);
    expect(replica().find(backWith(session))).toBeNull();
  });

  it('counts also where no role has a secret', () => {
    const session = replica({}, []).openConfirmed(ALICE);
    expect(replica({}, []).find(backWith(session))).not.toBeNull();
    expect(replica({}, [OLD]).find(backWith(session))).toBeNull();
  });

  it.each([
    { OIDC_CLIENT_SECRET: 'another-secret-of-it' },
    { OIDC_ISSUER: 'https://other.example' },
    { OIDC_CLIENT_ID: 'another' },
    { OIDC_ADMIN_GROUPS: 'others' },
    { OIDC_READER_GROUPS: 'ops' },
    { OIDC_GROUPS_CLAIM: 'roles' },
  ])('ends with the settings that let it in: %j', (changed) => {
    const session = replica().openConfirmed(ALICE);
    expect(replica({ PUBLIC_URL: 'https://elsewhere.example' }).find(backWith(session))).not.toBeNull();
    expect(replica(changed).find(backWith(session))).toBeNull();
  });

  it('ends with the secret of a role that it was signed with, as those of named operators do', () => {
    const session = replica({}, [OLD, NEW]).openConfirmed(ALICE);
    expect(replica({}, [NEW, OLD]).find(backWith(session))).not.toBeNull();
    expect(replica({}, [NEW]).find(backWith(session))).toBeNull();
    expect(new Sessions({ shared: [], signing: [OLD] }, clock, known).find(backWith(session))).toBeNull();
  });

  it('cannot be made one of an admin, of another name, or longer', () => {
    const [end, id, role, subjectId, name, signature] = replica()
      .openConfirmed(ALICE)
      .value.reveal()
      .split('.');
    expect(role).toBe('reader');
    const bob = Buffer.from('bob (OIDC)').toString('base64url');
    for (const parts of [
      [end, id, 'admin', subjectId, name, signature],
      [end, id, role, subjectId, bob, signature],
      [end, id, role, 'A'.repeat(12), name, signature],
      [Number(end) + 1, id, role, subjectId, name, signature],
      [end, id, signature],
      [end, id, subjectId, signature],
    ])
      expect(replica().find(plain(`wxkf_session=${parts.join('.')}`))).toBeNull();
  });

  it('ends everywhere when it is signed out, and no other of the same person', async () => {
    const [one, other] = [replica().openConfirmed(ALICE), replica().openConfirmed(ALICE)];
    const data = new RecordData();
    known = new KnownOperators(new MemoryRecords(data), clock);
    const elsewhere = new KnownOperators(new MemoryRecords(data), clock);
    replica().end(backWith(one));
    expect(replica().find(backWith(one))).toBeNull();
    await known.write();
    await elsewhere.read();
    expect(replica({}, [OLD], elsewhere).find(backWith(one))).toBeNull();
    expect(replica({}, [OLD], elsewhere).find(backWith(other))).not.toBeNull();
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
      [plain(cookie), secure(cookie)].map((request) => sessionsOf(OLD).find(request)?.endMs ?? null);
    expect(endsOf(named)).toEqual([null, session.endMs]);
    expect(endsOf(asPlain)).toEqual([session.endMs, null]);
  });
});
