import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import { Credentials } from './credentials.js';

const OLD = 'old-puppet-secret_1';
const NEW = 'new-puppet-secret_2';
const OPERATOR = 'operator-secret_16';
const SCRAPER = 'metrics-secret_16';
const SECRETS = { puppet: [OLD, NEW], gateway: [], operator: [OPERATOR], metrics: [SCRAPER] };

const credentials = new Credentials((caller) => SECRETS[caller].map((secret) => new Secret(secret)));
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a secret', () => {
  it.each([
    ['as Bearer', `Bearer ${OLD}`, 'puppet'],
    ['while another takes its place', `Bearer ${NEW}`, 'puppet'],
    ['of another role', `Bearer ${OPERATOR}`, 'operator'],
    ['of who reads the metrics', `Bearer ${SCRAPER}`, 'metrics'],
    ['under a scheme in other letters', `bEARER  ${OPERATOR}`, 'operator'],
    ['as a password', basic(`puppet:${NEW}`), 'puppet'],
    ['as a password of no user', basic(`:${OLD}`), 'puppet'],
    ["as a password of another role's user", basic(`puppet:${OPERATOR}`), 'operator'],
    ['as a password of a user in other letters', basic(`客服:${OLD}`), 'puppet'],
  ])('%s tells the role', (_how, authorization, role) => {
    expect(credentials.callerOf(authorization)).toBe(role);
  });

  it.each([
    ['cut short', `Bearer ${OLD.slice(0, -1)}`],
    ['with more behind it', `Bearer ${OLD}x`],
    ['in other letters', `Bearer ${OLD.toUpperCase()}`],
    ['twice', `Bearer ${OLD},${NEW}`],
    ['as the user', basic(`${OLD}:`)],
    ['without a user', basic(OLD)],
    ['with a colon behind it', basic(`puppet:${OLD}:`)],
    ['as a password in the clear', `Basic puppet:${OLD}`],
    ['as Bearer in base64', `Bearer ${Buffer.from(OLD).toString('base64')}`],
    ['under another scheme', `Digest ${OLD}`],
    ['without a scheme', OLD],
    ['that is empty', 'Bearer '],
    ['that is an empty password', basic('puppet:')],
    ['that is not there', ''],
  ])('%s is of nobody', (_how, authorization) => {
    expect(credentials.callerOf(authorization)).toBeNull();
  });
});
