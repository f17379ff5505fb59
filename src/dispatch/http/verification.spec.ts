import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { knownBot, secretsText } from '../../../test/support/bots.js';
import {
  blackHole,
  client,
  clock,
  closeAll,
  openClient,
  puppetServer,
} from '../../../test/support/delivery.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { ofBot, readCallbackUrl } from '../../registry/endpoint/endpoint.js';
import type { NoAnswer, VerificationResult } from '../endpoint/carrier.js';

const HEADER_SECRET = 'secret-of-a-header';
const KEY_OF_SOMEBODY = 'sk-0123456789abcdefghijklmnopqrstuvwxyz';

beforeEach(openClient);
afterEach(closeAll);

function verify(url: string): Promise<VerificationResult> {
  const endpoint = readCallbackUrl(url);
  if ('must' in endpoint) throw new Error(endpoint.must);
  const secrets = secretsText({ url, headers: { 'X-Tenant': HEADER_SECRET } });
  return client.verify(knownBot({ secrets }, ofBot(endpoint, 'bot-1')));
}

async function saying(status: number, body: string, path = '/callback'): Promise<VerificationResult> {
  const server = await puppetServer((_request, response) => void response.writeHead(status).end(body));
  return verify(server.url + path);
}

describe('a bot that gives no answer', () => {
  it.each<[string, NoAnswer, RegExp, () => Promise<string>]>([
    ['nobody listens', 'refused', /start the bot/, refusedUrl],
    ['its host has no address', 'name', /spelling/, async () => 'http://no-such-host.invalid'],
    [
      'it speaks no TLS',
      'tls',
      /http and https/,
      async () => (await puppetServer()).url.replace('http:', 'https:'),
    ],
    [
      'it breaks the connection',
      'reset',
      /the program is there and broke the connection/,
      async () => (await puppetServer((request) => void request.socket.resetAndDestroy())).url,
    ],
  ])('since %s is told so', async (_why, noAnswer, remedy, url) => {
    const verified = await verify(await url());
    expect(verified).toMatchObject({ status: null, noAnswer, fault: expect.stringMatching(remedy) });
    if (noAnswer !== 'refused') expect(verified.fault).not.toMatch(/start the bot/);
  });

  it('in time is told so', async () => {
    const server = await puppetServer(() => {});
    const asked = server.next();
    const verified = verify(server.url);
    await asked;
    await clock.advance(5_000);
    expect(await verified).toMatchObject({ noAnswer: 'timeout', fault: expect.stringMatching(/in time/) });
  });

  it('since no connection is made is told so', async () => {
    const { url } = await blackHole();
    const verified = verify(url);
    await clock.advance(5_000);
    expect(await verified).toMatchObject({
      noAnswer: 'unreachable',
      fault: expect.stringMatching(/firewall/),
    });
  });
});

describe('what a program says', () => {
  it('is shown with its status', async () => {
    const { fault } = await saying(400, '{"message":"\\u4f01\\u4e1a corp id is unknown"}');
    expect(fault).toBe(
      'the answer was 400: "{"message":"企业 corp id is unknown"}"; compare token, EncodingAESKey and receive id in its settings with those of the bot here',
    );
  });

  it('is shown where it answered well and without the echo', async () => {
    expect((await saying(200, 'hello')).fault).toMatch(
      /^it answered without the opened echo: "hello"; compare/,
    );
  });

  it('is shown in words, and not at length', async () => {
    const page = '<!doctype html><style>p{}</style><p>Bad\r\n\0gateway</p><script>alert(1)</script>';
    expect((await saying(500, page)).fault).toMatch(/500: "Bad gateway"; .* read its own log/);
    expect((await saying(500, 'so '.repeat(300))).fault?.length).toBeLessThan(400);
  });

  it('is shown without secrets, of the bot or of somebody else', async () => {
    const said = `header ${HEADER_SECRET}, token botToken1, tenant tenant-7, key ${KEY_OF_SOMEBODY}`;
    const { fault } = await saying(500, said, '/callback?tenant=tenant-7');
    expect(fault).toContain('"header ***, token ***, tenant ***, key ***"');
  });
});

describe('a header that the program asks for', () => {
  it.each([
    ['PandaWiki by its path', '/share/v1/app/wechat/service', '{"success":false}', 'X-KB-ID'],
    ['PandaWiki by its words', '/behind/a/proxy', 'kb_id is required', 'X-KB-ID'],
    ['a program that names it', '/callback', 'missing header x-api-token', 'x-api-token'],
  ])('is named: %s', async (_what, path, body, header) => {
    expect((await saying(400, body, path)).fault).toContain(`the program needs the header ${header}:`);
  });

  it('is not named where the bot has it', async () => {
    expect((await saying(400, 'X-Tenant is unknown')).fault).toMatch(/EncodingAESKey/);
  });
});
