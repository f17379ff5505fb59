import { describe, expect, it } from '@jest/globals';
import { ConfigError, type Environment, loadConfig, toSummary } from './config.js';
import { oidcOf } from './oidc.js';

const SECRET = 'secret-of-the-client';
const ALL: Environment = {
  OIDC_ISSUER: 'https://login.example/realms/staff',
  OIDC_CLIENT_ID: 'manager',
  OIDC_CLIENT_SECRET: SECRET,
  OIDC_READER_GROUPS: 'support , Ops Leads',
  PUBLIC_URL: 'https://wxkf.example:8443/',
};

function mistakesOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe('sign-in by OIDC', () => {
  it('is set by a provider, a client, a group and the address of the console', () => {
    expect(oidcOf(loadConfig(ALL))).toMatchObject({
      clientId: 'manager',
      adminGroups: [],
      readerGroups: ['support', 'Ops Leads'],
      groupsClaim: 'groups',
      scopes: 'openid profile email',
    });
    expect(oidcOf(loadConfig({}))).toBeNull();
    expect(oidcOf(loadConfig({ PUBLIC_URL: 'http://wxkf.example' }))).toBeNull();
  });

  it('shows what is set, and the secret never', () => {
    const summary = toSummary(loadConfig(ALL), ALL);
    expect(summary).toMatchObject({ OIDC_READER_GROUPS: ['support', 'Ops Leads'] });
    expect(JSON.stringify(summary)).not.toContain(SECRET);
  });

  it.each(['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'PUBLIC_URL'])(
    'is a mistake without %s',
    (name) => {
      const given = name === 'OIDC_ISSUER' ? 'OIDC_CLIENT_ID' : 'OIDC_ISSUER';
      expect(mistakesOf({ ...ALL, [name]: '' })).toEqual([
        `${name}: is needed as well, since ${given} is set`,
      ]);
    },
  );

  it('is a mistake where nobody would be let in', () => {
    expect(mistakesOf({ ...ALL, OIDC_READER_GROUPS: '' })).toEqual([
      'OIDC_ADMIN_GROUPS or OIDC_READER_GROUPS: is needed as well, since OIDC_ISSUER is set: who is let in',
    ]);
    expect(mistakesOf({ OIDC_GROUPS_CLAIM: 'roles' })).toHaveLength(5);
  });

  it.each([
    ['OIDC_ISSUER', 'http://login.example'],
    ['OIDC_ISSUER', 'https://user@login.example'],
    ['OIDC_ISSUER', 'https://login.example?x=1'],
    ['OIDC_ISSUER', 'login.example'],
    ['PUBLIC_URL', 'https://wxkf.example/console'],
    ['PUBLIC_URL', 'https://wxkf.example?x'],
    ['PUBLIC_URL', 'ftp://wxkf.example'],
    ['OIDC_CLIENT_ID', 'a b'],
    ['OIDC_READER_GROUPS', 'support,,ops'],
    ['OIDC_READER_GROUPS', 'x'.repeat(257)],
    ['OIDC_GROUPS_CLAIM', 'a b'],
    ['OIDC_SCOPES', 'profile email'],
  ])('is a mistake with %s=%s', (name, value) => {
    expect(mistakesOf({ ...ALL, [name]: value })).toEqual([expect.stringContaining(`${name}: expected `)]);
  });

  it.each(['short-secret-15', 'aaaaaaaaaaaaaaaaaaaa', 'secret of the client'])(
    'is a mistake with a secret that can be guessed, which is not repeated: %s',
    (secret) => {
      const mistakes = mistakesOf({ ...ALL, OIDC_CLIENT_SECRET: secret });
      expect(mistakes).toEqual([expect.stringContaining('OIDC_CLIENT_SECRET: expected 16 to 1,024 ')]);
      expect(mistakes.join()).not.toContain(secret);
    },
  );

  it.each(['http://127.0.0.1:5556/dex', 'http://localhost:8080', 'http://[::1]:9000'])(
    'takes %s, which is this machine',
    (issuer) => {
      expect(mistakesOf({ ...ALL, OIDC_ISSUER: issuer })).toEqual([]);
    },
  );
});
