/** What is said of a public address, by what answers there. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { decrypt, getSignature } from '@wecom/crypto';
import { storedApp } from '../../../test/support/apps.js';
import { type Behaviour, startPuppetServer } from '../../../test/support/puppet-server.js';
import { registeredPuppet } from '../../../test/support/puppets.js';
import { newApp } from '../../../test/support/wecom.js';
import { loadConfig } from '../../config/config.js';
import { toVerificationQuery } from '../../crypto/verification-query.js';
import { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { APPS } from '../../registry/apps/app.js';
import { checkCallback, noKeysOf, readCallbackUrl } from './check-callback.js';
import type { Finding } from './finding.js';
import { KnownSecrets } from './known-secrets.js';

const app = newApp();
const puppet = registeredPuppet({
  corpId: app.corpId,
  callbackToken: new Secret(app.token),
  encodingAESKey: new Secret(app.encodingAESKey),
});
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function findingsAt(behaviour: Behaviour, path = ''): Promise<Finding[]> {
  const server = await startPuppetServer(behaviour);
  opened.push(server);
  const target = readCallbackUrl(server.url + path);
  if ('mistake' in target) throw new Error(target.mistake);
  const known = new KnownSecrets(loadConfig({}), target.corpId);
  known.puppet(puppet);
  const findings: Finding[] = [];
  const keys = known.callbackKeys;
  if (keys === null) throw new Error(noKeysOf(target));
  const verification = { ...keys, ...toVerificationQuery(keys, Date.now()) };
  for await (const finding of checkCallback(target, verification)) findings.push(finding);
  const [{ query } = { query: {} as Record<string, string> }] = server.received;
  const said = JSON.stringify(findings);
  for (const part of [app.token, app.encodingAESKey, query.echostr, query.msg_signature])
    expect(said).not.toContain(part);
  return findings;
}

/** As a manager does it, by WeCom's own library. */
const verify: Behaviour = ({ url = '' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://manager');
  const [signature, timestamp, nonce, echostr] = ['msg_signature', 'timestamp', 'nonce', 'echostr'].map(
    (name) => searchParams.get(name) ?? '',
  ) as [string, string, string, string];
  const isSigned = getSignature(app.token, timestamp, nonce, echostr) === signature;
  const { message, id } = decrypt(app.encodingAESKey, echostr);
  response.end(isSigned && id === app.corpId && pathname === `/callback/${app.corpId}` ? message : 'no');
};

const answer =
  (status: number, body: string, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);
const error = (status: number, code: string): Behaviour => answer(status, JSON.stringify({ error: code }));

it.each(['', '/', '/callback', `/callback/${app.corpId}`])(
  'a manager at %j is asked as WeCom asks',
  async (path) => {
    const findings = await findingsAt(verify, path);
    expect(findings).toEqual([
      { check: 'callback', status: 'ok', message: expect.stringContaining('verifies itself') },
    ]);
    expect(findings[0]?.message).toMatch(
      /\/callback\/ww\w+ \(127\.0\.0\.1\) .* the puppet of wkAccount-1, in \d+ ms$/,
    );
  },
);

it.each<[string, Behaviour, RegExp]>([
  ['another text', answer(200, 'success'), /another text than the one sent/],
  [
    'a page',
    answer(404, '<html>', { 'content-type': 'text/html' }),
    /answered 404 with a page, not by a manager/,
  ],
  [
    'a redirect',
    answer(301, '', { location: 'https://other.example.com/x?msg_signature=1' }),
    /redirected \(301 to https:\/\/other\.example\.com\/x\);/,
  ],
  ['a gateway error', answer(502, 'bad gateway'), /answered 502 by a proxy in front, which does not reach/],
  ['too much', answer(200, 'x'.repeat(20_000)), /more than 16 kB/],
  [
    'another Token',
    error(403, 'CALLBACK_SIGNATURE_MISMATCH'),
    /another Token for this corp.*\(403 CALLBACK_SIG/,
  ],
  ['another key', error(400, 'CIPHER_PADDING_INVALID'), /another EncodingAESKey/],
  ['no such corp', error(404, 'CALLBACK_CORP_UNKNOWN'), /does not know this corp/],
  ['no such route', error(404, 'ROUTE_NOT_FOUND'), /by another path/],
  ['a late clock', error(403, 'CALLBACK_TIMESTAMP_OFF'), /whose clock differs from that of this machine/],
  [
    'a fault of its own',
    error(503, 'REGISTRY_NOT_LOADED'),
    /answered 503 REGISTRY_NOT_LOADED by a manager; its log/,
  ],
  ['something else', answer(418, 'teapot'), /answered 418, not by a manager/],
])('an address that gives %s fails, and says why', async (_what, behaviour, reason) => {
  const findings = await findingsAt(behaviour);
  expect(findings).toEqual([{ check: 'callback', status: 'failed', message: expect.stringMatching(reason) }]);
});

describe('the keys that are asked with', () => {
  const keysFor = (corpId: string | null, ...puppets: (typeof puppet)[]) => {
    const known = new KnownSecrets(loadConfig({}), corpId);
    for (const one of puppets) known.puppet(one);
    return known.callbackKeys?.from ?? null;
  };
  it('are those of a stored app before any puppet’s', () => {
    const known = new KnownSecrets(loadConfig({}), 'wwCorp_1');
    const app = storedApp();
    known.record(APPS, storedApp({ corpId: 'wwOther' }));
    known.record(APPS, app);
    known.puppet({ ...puppet, corpId: 'wwCorp_1' });
    expect(known.callbackKeys).toMatchObject({ corpId: 'wwCorp_1', from: `the app ${app.id}` });
    expect([known.apps, known.puppets]).toEqual([2, 1]);
  });

  const proven = { ...puppet, openKfId: 'wkProven', acceptedSecretId: '' };

  it('are those of the corp that the address names', () => {
    const other = { ...puppet, openKfId: 'wkOther', corpId: 'wwOther' };
    expect(keysFor('wwOther', puppet, other)).toBe('the puppet of wkOther');
    expect(keysFor('wwNobody', puppet, other)).toBeNull();
    expect(keysFor(null, other, puppet)).toBe('the puppet of wkOther');
  });

  it('are of a puppet whose secret WeCom accepted, where there is one', () => {
    const accepted = { ...proven, acceptedSecretId: secretIdOf(proven.corpId, proven.corpSecret) };
    expect(keysFor(app.corpId, puppet, accepted, puppet)).toBe('the puppet of wkProven');
    expect(keysFor(app.corpId, puppet, proven)).toBe('the puppet of wkAccount-1');
  });
});

it.each([
  ['kf.example.com', /must be a URL/],
  ['ftp://kf.example.com', /must be a URL/],
  ['https://user:pass@kf.example.com', /must have no user/],
  ['https://kf.example.com/?x=1', /query/],
  ['https://kf.example.com/callback/decrypted', /corpId/],
])('%s is no address to ask', (text, mistake) => {
  expect(readCallbackUrl(text)).toEqual({ mistake: expect.stringMatching(mistake) });
});

it('an address may lie under a path', () => {
  expect(readCallbackUrl('https://example.com/kf/callback/ww1/')).toEqual({
    base: 'https://example.com/kf/callback',
    corpId: 'ww1',
  });
});
