import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config/config.js';
import { oidcOf, type OidcSettings } from '../../config/oidc.js';
import { AppError } from '../../kernel/app-error.js';
import { NAME_FORMAT } from '../../operators/operator.js';
import { subjectIdOf } from '../../http/access/sessions.js';
import { type Claims, toConfirmedOperator } from './confirmed-operator.js';

const settings = oidcOf(
  loadConfig({
    OIDC_ISSUER: 'https://login.example',
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    OIDC_ADMIN_GROUPS: 'ops, Ops Leads',
    OIDC_READER_GROUPS: '/support,ops',
    PUBLIC_URL: 'https://wxkf.example',
  }),
) as OidcSettings;

const of = (claims: Claims) =>
  toConfirmedOperator({ sub: 'subject-1', groups: ['ops'], ...claims }, settings);

/** As it is told, of this subject. */
const nameOf = (text: string, subject = 'subject-1') => `${text} ${subjectIdOf(subject)} (OIDC)`;

function refusalOf(claims: Claims): AppError {
  try {
    of(claims);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('somebody was let in');
}

describe('the role', () => {
  it.each([
    [['ops'], 'admin'],
    [['x', 'Ops Leads'], 'admin'],
    [['/support'], 'reader'],
    [['/support', 'ops'], 'admin'],
    ['/support', 'reader'],
    [[{ name: 'ops' }, 7, null, '/support'], 'reader'],
  ])('of who is in %j is %s', (groups, role) => {
    expect(of({ groups }).role).toBe(role);
  });

  it.each([
    [[], 'none of the 0 groups is listed'],
    [['OPS', 'ops ', 'support', 'op'], 'none of the 4 groups is listed'],
    ['ops,/support', 'none of the 1 groups is listed'],
    [undefined, 'there is no claim groups that is a list of texts'],
    [{ ops: true }, 'there is no claim groups that is a list of texts'],
    [null, 'there is no claim groups that is a list of texts'],
    [true, 'there is no claim groups that is a list of texts'],
  ])(
    'is none for who is in %j, and the answer says which claim was looked at and nothing of what is in it',
    (groups, why) => {
      const { code, message, internal } = refusalOf({ groups, preferred_username: 'alice' });
      expect(code).toBe('AUTH_OIDC_NO_ROLE');
      expect(message).toMatch(/The claim that was looked at is: groups$/);
      expect(internal).toEqual({ operator: nameOf('alice'), why });
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])('comes from no claim that everybody has: %s', (claim) => {
    const odd = { ...settings, groupsClaim: claim, adminGroups: ['x'] };
    expect(() => toConfirmedOperator({ sub: '1' }, odd)).toThrow(AppError);
  });
});

describe('the name', () => {
  it.each([
    [{ preferred_username: 'alice', email: 'a@x.example' }, 'alice'],
    [{ email: 'a@x.example', email_verified: true }, 'a@x.example'],
    [{ email: 'a@x.example' }, 'a@x.example'],
    [{ email: 'a@x.example', email_verified: 'true' }, 'a@x.example'],
    [{ email: 'boss@x.example', email_verified: false }, 'subject-1'],
    [{ email: 'boss@x.example', email_verified: 'false' }, 'subject-1'],
    [{ email: 'boss@x.example', email_verified: null }, 'subject-1'],
    [{ preferred_username: '王 小明' }, '王 小明'],
    [{ preferred_username: 'x'.repeat(129), email: 'a@x.example' }, 'a@x.example'],
    [{ preferred_username: ['alice'] }, 'subject-1'],
    [{}, 'subject-1'],
  ])('of %j is %s', (claims, name) => {
    expect(of(claims).name).toBe(nameOf(name));
  });

  it('is never that of another person, who may have the same one or choose it', () => {
    const [one, other] = ['1', '2'].map((sub) => of({ sub, preferred_username: 'alice' }).name);
    expect([one, other]).toEqual([nameOf('alice', '1'), nameOf('alice', '2')]);
    expect(one).not.toBe(other);
    expect(of({ preferred_username: one?.replace(' (OIDC)', '') }).name).not.toBe(one);
    expect(one).toMatch(/^alice [\w-]{12} \(OIDC\)$/);
  });

  it.each(['\u3164', '\u2800', '\u034f', '\ufe0f', '\u180b', '\u115f'])(
    'has nothing that is not seen: %j',
    (text) => {
      for (const name of [text, `ali${text}ce`, `alice ${text}`])
        expect(of({ preferred_username: name }).name).toBe(nameOf('subject-1'));
    },
  );

  it.each(['alice\n', 'al\u0000ice', 'alice\u202e', ' alice', 'alice  b', 'al\u200bice', 'alice\u00a0', ''])(
    'is none that looks like another: %j',
    (text) => {
      expect(of({ preferred_username: text }).name).toBe(nameOf('subject-1'));
    },
  );

  it.each(['shared secret', 'open manager', 'alice'])('is never that of somebody else: %s', (text) => {
    const { name } = of({ preferred_username: text });
    expect(name).not.toBe(text);
    expect(NAME_FORMAT.pattern.test(name)).toBe(false);
  });

  it('is needed', () => {
    expect(refusalOf({ sub: 'x'.repeat(129) }).code).toBe('AUTH_OIDC_REFUSED');
    expect(refusalOf({ sub: 7, preferred_username: 'alice' }).code).toBe('AUTH_OIDC_REFUSED');
  });
});
