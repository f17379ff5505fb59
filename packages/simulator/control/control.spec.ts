/** The control API of the local WeCom: for this machine's own user, and for tests of other programs. */
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PNG, SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start({ pageDir: 'nowhere' });
});

afterEach(() => client.close());

const json = async (response: Promise<Response>) => {
  const { status } = await response;
  // oxlint-disable-next-line typescript/no-explicit-any -- each command has its own answer, and the tests compare them.
  return [status, (await (await response).json()) as any] as const;
};
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(client.simulator.url + path, { headers });

/** fetch sets Host itself. */
function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${client.simulator.url}/simulator/view`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

describe('a page of another site', () => {
  it.each(['http://evil.example', 'http://127.0.0.1:1', 'null'])('at %s is refused', async (origin) => {
    expect(await json(get('/simulator/view', { origin }))).toEqual([
      403,
      { message: expect.stringContaining('Origin') },
    ]);
  });

  it('that lets its name point here is refused', async () => {
    expect(await statusWithHost('evil.example')).toBe(403);
    expect(await statusWithHost('localhost:7780')).toBe(200);
  });
});

it('shows everything, and no access token', async () => {
  const token = await client.accessToken();
  client.simulator.say('hi');
  const [, view] = await json(get('/simulator/view'));
  expect(view).toMatchObject({
    corpId: client.simulator.corpId,
    conversations: [{ serviceState: 0, sendsLeft: 5, openKfId: client.openKfId }],
    messages: [{ from: 'customer', body: { content: 'hi' } }],
    calls: [{ api: 'gettoken', errcode: 0 }],
    apps: [{ openKfIds: [client.openKfId], isCallbackSaved: false }],
  });
  expect(JSON.stringify(view)).not.toContain(token);
});

it('streams the view at once and at each change', async () => {
  const response = await get('/simulator/stream');
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  expect((await reader.read()).value).toMatch(/^event: view\ndata: \{/);
  client.simulator.say('news');
  let text = '';
  while (!text.includes('"news"')) text += (await reader.read()).value;
  await reader.cancel();
});

it('writes as a customer: a text by default, of the first customer to the first account', async () => {
  await json(client.command('say', { content: 'text' }));
  await json(client.command('say', { msgtype: 'link', url: 'https://example.com', title: 'A link' }));
  await json(client.command('say', { msgtype: 'location', latitude: 1, longitude: 2, name: 'Here' }));
  expect((await client.sync()).msg_list).toMatchObject([
    { msgtype: 'text', text: { content: 'text' } },
    { msgtype: 'link', link: { title: 'A link', url: 'https://example.com', pic_url: '' } },
    { msgtype: 'location', location: { latitude: 1, longitude: 2, name: 'Here' } },
  ]);
});

it('sends a file as a customer, which a bot can download', async () => {
  const query = new URLSearchParams({
    openKfId: client.openKfId,
    externalUserId: client.customerId,
    type: 'image',
    fileName: 'a.png',
  });
  const init = { method: 'POST', body: new Uint8Array(PNG), headers: { 'content-type': 'image/png' } };
  const response = await fetch(`${client.simulator.url}/simulator/file?${query}`, init);
  expect(response.status).toBe(200);
  const { media_id } = (await client.sync()).msg_list[0].image;
  const token = await client.accessToken();
  const file = await fetch(
    `${client.simulator.url}/cgi-bin/media/get?access_token=${token}&media_id=${media_id}`,
  );
  expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
});

it('takes back what a customer wrote', async () => {
  const msgid = client.simulator.say('oops');
  await client.command('recall', { msgid });
  expect((await client.sync()).msg_list.at(-1).event).toMatchObject({
    event_type: 'user_recall_msg',
    recall_msgid: msgid,
  });
});

it('switches faults one by one', async () => {
  await client.command('faults', { dropCallbacks: true });
  expect(await json(client.command('faults', { apiDelayMs: 5 }))).toMatchObject([
    200,
    { dropCallbacks: true, apiDelayMs: 5 },
  ]);
  expect(await json(client.command('faults', { apiDelayMs: -1 }))).toMatchObject([400, { errcode: 40058 }]);
});

it.each([
  ['say', { content: '' }, 400],
  ['say', { content: 'x', externalUserId: 'wmNobody' }, 400],
  ['say', { msgtype: 'fax' }, 400],
  ['servicer', { action: 'sleep' }, 400],
  ['servicer', { action: 'handOver' }, 400],
  ['fail-next', { failType: 14 }, 400],
  ['native-welcome', { openKfId: 'wkNone', content: 'Hello' }, 400],
  ['recall', { msgid: 'none' }, 400],
  ['nothing', {}, 404],
])('refuses %s %j with %d and why', async (name, fields, status) => {
  expect(await json(client.command(name, fields))).toEqual([
    status,
    expect.objectContaining({ message: expect.any(String) }),
  ]);
});

describe('the page', () => {
  it('says how it is built where it is not', async () => {
    const response = await get('/');
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining('npm run build:all'),
    ]);
  });

  it.each(['/../main.js', '/assets/../../main.js', '/%2e%2e/main.js', '/assets/none.js', '/tsconfig.json'])(
    'gives no other files: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it('allows a browser nothing but its own', async () => {
    const policy = (await get('/')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  });
});

it('ends while a change is still to be told', async () => {
  const response = await get('/simulator/stream');
  client.simulator.say('the last word');
  await client.close();
  await expect(response.text()).rejects.toThrow();
  client = await SimulatorClient.start();
});
