import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { type Environment, loadConfig } from '../../config/config.js';
import { startWords } from './start-words.js';

const SECRET = 'secret-of-the-tests-1';
const OIDC = {
  OIDC_ISSUER: 'https://id.example',
  OIDC_CLIENT_ID: 'manager',
  OIDC_CLIENT_SECRET: 'oidc-secret-of-the-tests',
  OIDC_ADMIN_GROUPS: 'ops',
  PUBLIC_URL: 'https://wxkf.example',
};

function wordsFor(environment: Environment, hasOperators = false): Record<string, string> {
  const words = startWords(loadConfig(environment), 'http://127.0.0.1:7777', hasOperators);
  const lines = words
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));
  return Object.fromEntries(lines.map(([name = '', text = '']) => [name, text]));
}

it('the words at the start name the console by PUBLIC_URL where it is set', () => {
  expect(wordsFor({}).console).toBe('http://127.0.0.1:7777/console');
  expect(wordsFor({ PUBLIC_URL: 'https://wxkf.example' }).console).toBe('https://wxkf.example/console');
});

it('the words at the start name the folder of the data, or MongoDB without its address', () => {
  expect(wordsFor({ DATA_DIR: './x' }).data).toBe(resolve('x'));
  expect(wordsFor({ MONGO_URI: 'mongodb://user:marked@db/x' }).data).toBe('in the MongoDB of MONGO_URI');
});

it.each<[string, RegExp, Environment, boolean]>([
  ['nobody has a secret', /^not protected, everybody on this machine may do everything; /, {}, false],
  [
    'others may reach it without a secret',
    /^not protected, everybody who reaches it may do everything; /,
    { HOST: '0.0.0.0', ALLOW_OPEN: 'true' },
    false,
  ],
  [
    'operators have a secret',
    /^the console asks for the secret of AUTH_OPERATOR_TOKEN$/,
    { AUTH_OPERATOR_TOKEN: SECRET },
    false,
  ],
  [
    'only puppets have a secret',
    /^nobody can sign in to the console until AUTH_OPERATOR_TOKEN is set$/,
    { AUTH_PUPPET_TOKEN: SECRET },
    false,
  ],
  [
    'operators have tokens of their own, and puppets a secret',
    /^the console asks for the token of an operator$/,
    { AUTH_PUPPET_TOKEN: SECRET },
    true,
  ],
  [
    'only the console asks for something',
    /^the console asks for the token of an operator or an account of OIDC_ISSUER; puppets and gateways are let in without a secret$/,
    OIDC,
    true,
  ],
])(
  'the words at the start say whether it is protected where %s',
  (_where, words, environment, hasOperators) => {
    expect(wordsFor(environment, hasOperators).access).toMatch(words);
  },
);
