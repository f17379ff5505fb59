/** A customer's message through the built process, on real sockets, on both stores: embedded and MongoDB. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { hintCounts } from '../support/metrics.js';
import {
  type Behaviour,
  type PuppetServer,
  postJson,
  register,
  startPuppetServer,
} from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { suiteManager } from '../support/suite-manager.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  sealVerification,
  sendMessage,
  sendVerification,
  signedQuery,
  type WecomApp,
} from '../support/wecom.js';

const AUTH_CHANGE = `<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName>
<CreateTime>1403610513</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_account_auth_change]]></Event>
<AuthAddOpenKfId><![CDATA[wkAAAA1]]></AuthAddOpenKfId><AuthAddOpenKfId><![CDATA[wkAAAA2]]></AuthAddOpenKfId></xml>`;

onEachStoreNightly((newPlace) => {
  const manager = suiteManager(newPlace);
  let puppet: PuppetServer;
  let app: WecomApp;
  let openKfId: string;

  beforeEach(async () => {
    app = newApp();
    openKfId = newOpenKfId();
    puppet = await startPuppetServer();
    await register(manager.url, app, openKfId, puppet.url);
  });

  afterEach(() => puppet.close());

  async function counts(): Promise<Record<string, number>> {
    const response = await fetch(`${manager.url}/health`);
    const { details } = (await response.json()) as { details: { callbacks: Record<string, number> } };
    return details.callbacks;
  }

  it('delivers the callback byte for byte before it answers 200', async () => {
    const callback = sealCallback(app, kfMessageXml(app, openKfId));
    const response = await postCallback(manager.url, app, callback);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe('success');
    expect(puppet.received).toHaveLength(1);
    expect(puppet.received[0]).toMatchObject({
      path: '/callback',
      query: callback.query,
      body: callback.body,
    });
    expect(puppet.received[0]?.headers).toMatchObject({ 'content-type': 'text/xml', 'x-wxkf-attempt': '1' });
  });

  it('gives re-sends of one event the same webhook-id, and two events different ones', async () => {
    const [once, other] = [kfMessageXml(app, openKfId), kfMessageXml(app, openKfId)];
    for (const message of [once, once, other])
      await postCallback(manager.url, app, sealCallback(app, message));
    const [first, again, second] = puppet.received.map(({ headers }) => headers['webhook-id']);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
  });

  it('writes one line for a callback, with its delivery and durations', async () => {
    await sendMessage(manager.url, app, openKfId);
    const line = await manager.line(
      (candidate) => candidate.openKfId === openKfId && candidate.msg === 'callback.answered',
    );
    expect(line).toMatchObject({
      status: 200,
      corpId: app.corpId,
      form: 'encrypted',
      event: 'kf_msg_or_event',
      outcome: 'delivered',
      attempts: 1,
      botStatus: 200,
      openMs: expect.any(Number),
      deliveryMs: expect.any(Number),
      durationMs: expect.any(Number),
    });
  });

  it.each(['application/json', 'application/x-www-form-urlencoded', ''])(
    'takes the body under the content type "%s"',
    async (type) => {
      const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
      // A Blob without a type is sent without the header; a string would get one.
      const response = await fetch(`${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`, {
        method: 'POST',
        headers: type === '' ? {} : { 'content-type': type },
        body: new Blob([body]),
      });
      expect(response.status).toBe(200);
      expect(puppet.received[0]?.body).toBe(body);
    },
  );

  it('takes the envelope with elements that nobody knows, and no other XML than it knows how to skip', async () => {
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
    const [encrypted] = /<Encrypt>.*<\/Encrypt>/.exec(body) ?? [];
    const known = `<?xml version="1.0"?><xml><A><B>1</B><C/></A><!-- c -->${encrypted}<D/></xml>`;
    expect((await postCallback(manager.url, app, { query, body: known })).status).toBe(200);
    // A general parser would read it, at the price of 40 ms for 64 kB, and anybody may send it.
    const other = `<xml><A b="1">1</A>${encrypted}</xml>`;
    const refused = await postCallback(manager.url, app, { query, body: other });
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'CALLBACK_ENVELOPE_MALFORMED' }),
    ]);
  });

  it('takes a body up to its limit and sends a large one in the decrypted form, which puppets take', async () => {
    const message = kfMessageXml(app, openKfId, 'sync-1').replace(
      '</xml>',
      `<Filler>${'x'.repeat(90_000)}</Filler></xml>`,
    );
    expect((await postCallback(manager.url, app, sealCallback(app, message))).status).toBe(200);
    expect(puppet.received[0]).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'sync-1', openKfId }),
    });
  });

  it('picks the app of a corp by its signature, and sends the decrypted form where the puppet could not open the raw one', async () => {
    const second = { ...newApp(), corpId: app.corpId };
    await register(manager.url, second, newOpenKfId(), 'http://127.0.0.1:1');
    const response = await postCallback(
      manager.url,
      second,
      sealCallback(second, kfMessageXml(app, openKfId, 'sync-2')),
    );
    expect(response.status).toBe(200);
    expect(puppet.received[0]).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'sync-2', openKfId }),
    });
    expect(puppet.received[0]?.headers['content-type']).toBe('application/json');
  });

  it('sends the decrypted form where the event names another receiver, since the puppet checks that too', async () => {
    const message = kfMessageXml({ corpId: 'wwSomebodyElse' }, openKfId, 'sync-4');
    expect((await postCallback(manager.url, app, sealCallback(app, message))).status).toBe(200);
    expect(puppet.received[0]).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'sync-4', openKfId }),
    });
  });

  it('sends an event without a sync token in the decrypted form', async () => {
    const response = await postCallback(
      manager.url,
      app,
      sealCallback(app, kfMessageXml(app, openKfId, null)),
    );
    expect(response.status).toBe(200);
    expect(puppet.received[0]).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: '', openKfId }),
    });
  });

  it.each([
    ['another event', AUTH_CHANGE],
    ['a message', '<xml><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hi]]></Content></xml>'],
    [
      'a kf_msg_or_event without an account',
      '<xml><Event><![CDATA[kf_msg_or_event]]></Event><Token>t</Token></xml>',
    ],
  ])('acknowledges and counts %s, and forwards nothing', async (_what, message) => {
    const before = (await counts()).ignored ?? 0;
    expect((await postCallback(manager.url, app, sealCallback(app, message))).status).toBe(200);
    expect((await counts()).ignored).toBe(before + 1);
    expect(puppet.received).toEqual([]);
  });

  it('delivers what a gateway has opened', async () => {
    const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, {
      token: 'sync-3',
      openKfId,
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ code: 0, message: 'success', delivery: 'delivered' });
    expect(puppet.received[0]).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'sync-3', openKfId }),
    });
  });

  it('answers the verification of the callback URL with no puppet online', async () => {
    await postJson(`${manager.url}/puppetWxkfManager/deregister`, { kfId: openKfId, corpId: app.corpId });
    const query = sealVerification(app, '1616140317555161061');
    const response = await fetch(`${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe('1616140317555161061');
  });

  it('opens no captured callback as a verification', async () => {
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId, 'sync-secret'));
    const echostr = /<Encrypt>(?:<!\[CDATA\[)?([^<\]]+)/.exec(body)?.[1] ?? '';
    const response = await fetch(
      `${manager.url}/callback/${app.corpId}?${new URLSearchParams({ ...query, echostr })}`,
    );
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await refusalOf(Promise.resolve(response))).toMatchObject({
      status: 403,
      error: 'CALLBACK_ECHO_MALFORMED',
      message: expect.not.stringContaining('sync-secret'),
    });
  });

  it('answers an echo of 64 letters', async () => {
    const echo = 'x'.repeat(64);
    const response = await sendVerification(manager.url, app, echo);
    expect([response.status, await response.text()]).toEqual([200, echo]);
  });

  it.each(['', 'x'.repeat(65), '<xml>'])('refuses %j, which is no echo', async (text) => {
    expect(await refusalOf(sendVerification(manager.url, app, text))).toMatchObject({
      status: 403,
      error: 'CALLBACK_ECHO_MALFORMED',
    });
  });

  it('takes duplicate slashes in a path as one', async () => {
    const { query, body } = sealCallback(app, kfMessageXml(app, openKfId));
    const url = `${manager.url}//callback///${app.corpId}?${new URLSearchParams(query)}`;
    expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
  });

  it('delivers to an endpoint with a path, with or without a slash at its end', async () => {
    for (const endpoint of [`${puppet.url}/bot-7`, `${puppet.url}/bot-7/`]) {
      await register(manager.url, app, openKfId, endpoint);
      await sendMessage(manager.url, app, openKfId);
    }
    expect(puppet.received.map(({ path }) => path)).toEqual(['/bot-7/callback', '/bot-7/callback']);
  });

  async function refusalOf(response: Promise<Response>) {
    const { status, headers } = await response;
    const body = (await (await response).json()) as { error: string; message: string };
    expect(body).toEqual({
      code: status,
      error: expect.any(String),
      message: expect.any(String),
      requestId: headers.get('x-request-id'),
    });
    return { status, error: body.error, message: body.message };
  }

  it.each([
    ['refuses it', (_request, response) => response.writeHead(500).end()],
    ['is silent', () => {}],
  ] satisfies [string, Behaviour][])(
    'keeps what its puppet does not take because it %s, and says so',
    async (_why, behave) => {
      puppet.behave(behave);
      const response = await sendMessage(manager.url, app, openKfId);
      expect([response.status, await response.text()]).toEqual([200, 'success']);
      const line = await manager.line(
        (candidate) => candidate.openKfId === openKfId && candidate.outcome === 'pending',
      );
      expect(line).toMatchObject({ attempts: 1, stage: expect.stringMatching(/^(status|late)$/) });
    },
  );

  it('keeps what comes for an account without a puppet, and tells a gateway that it waits', async () => {
    const unknown = newOpenKfId();
    expect((await sendMessage(manager.url, app, unknown)).status).toBe(200);
    const body = { token: 'sync-9', openKfId: unknown };
    const response = await postJson(`${manager.url}/callback/decrypted/${app.corpId}`, body);
    expect([response.status, await response.json()]).toEqual([
      200,
      { code: 0, message: 'success', delivery: 'pending' },
    ]);
    expect(puppet.received).toEqual([]);
  });

  it('keeps nothing for a corp that nobody knows, whoever claims to have opened an event of it', async () => {
    const { parked } = await hintCounts(manager.url);
    const url = `${manager.url}/callback/decrypted/${newApp().corpId}`;
    const refusal = await refusalOf(postJson(url, { token: 'sync-9', openKfId: newOpenKfId() }));
    expect(refusal).toMatchObject({ status: 404, error: 'CALLBACK_CORP_UNKNOWN' });
    expect(await hintCounts(manager.url)).toMatchObject({ parked });
  });

  it('refuses an account id that no puppet could register', async () => {
    const refusal = await refusalOf(
      postCallback(manager.url, app, sealCallback(app, kfMessageXml(app, 'wk with blanks'))),
    );
    expect(refusal).toMatchObject({ status: 400, error: 'CALLBACK_EVENT_MALFORMED' });
    expect(refusal.message).toContain('OpenKfId must be');
  });

  it.each([
    ['a corp that nobody knows', () => newApp(), 404, 'CALLBACK_CORP_UNKNOWN'],
    [
      'a signature of another token',
      (known: WecomApp) => ({ ...newApp(), corpId: known.corpId }),
      403,
      'CALLBACK_SIGNATURE_MISMATCH',
    ],
    [
      'another case of the corp id',
      (known: WecomApp) => ({ ...known, corpId: known.corpId.toUpperCase() }),
      404,
      'CALLBACK_CORP_UNKNOWN',
    ],
  ])('refuses a callback with %s', async (_what, sender, status, error) => {
    const from = sender(app);
    const callback = sealCallback(from, kfMessageXml(from, openKfId));
    expect(await refusalOf(postCallback(manager.url, from, callback))).toMatchObject({ status, error });
    expect(puppet.received).toEqual([]);
  });

  it('refuses what was sealed for another receiver', async () => {
    const callback = sealCallback(app, kfMessageXml(app, openKfId), 'wwSomebodyElse');
    expect(await refusalOf(postCallback(manager.url, app, callback))).toMatchObject({
      status: 403,
      error: 'CALLBACK_RECEIVE_ID_MISMATCH',
    });
  });

  it('refuses a corp that speaks for the account of another, in either form', async () => {
    const stranger = newApp();
    await register(manager.url, stranger, newOpenKfId(), puppet.url);
    const refusal = { status: 404, error: 'CALLBACK_ACCOUNT_OF_OTHER_CORP' };
    const callback = sealCallback(stranger, kfMessageXml(stranger, openKfId));
    expect(await refusalOf(postCallback(manager.url, stranger, callback))).toMatchObject(refusal);
    const decrypted = postJson(`${manager.url}/callback/decrypted/${stranger.corpId}`, {
      token: 't',
      openKfId,
    });
    expect(await refusalOf(decrypted)).toMatchObject(refusal);
    expect(puppet.received).toEqual([]);
  });

  it('refuses a signed text that does not open', async () => {
    const encrypted = Buffer.alloc(64, 7).toString('base64');
    const body = `<xml><Encrypt>${encrypted}</Encrypt></xml>`;
    const refusal = await refusalOf(
      postCallback(manager.url, app, { query: signedQuery(app, encrypted), body }),
    );
    expect(refusal.status).toBe(400);
    expect(refusal.error).toMatch(/^CIPHER_/);
  });

  it('refuses a signed message that is not XML', async () => {
    const refusal = await refusalOf(
      postCallback(manager.url, app, sealCallback(app, '{"Event":"kf_msg_or_event"}')),
    );
    expect(refusal).toMatchObject({ status: 400, error: 'CALLBACK_EVENT_MALFORMED' });
  });

  it('counts each callback once, by how it ended', async () => {
    const { url } = manager;
    const { query } = sealCallback(app, AUTH_CHANGE);
    const verification = new URLSearchParams(sealVerification(app, '1'));
    const event = (kfId: string) => ({ token: 't', openKfId: kfId });
    const ends: [string, () => Promise<Response>][] = [
      ['verified', () => fetch(`${url}/callback/${app.corpId}?${verification}`)],
      ['delivered', () => sendMessage(url, app, openKfId)],
      ['delivered', () => postJson(`${url}/callback/decrypted/${app.corpId}`, event(openKfId))],
      ['ignored', () => postCallback(url, app, sealCallback(app, AUTH_CHANGE))],
      ['refused', () => sendMessage(url, { ...newApp(), corpId: app.corpId }, openKfId)],
      ['refused', () => sendMessage(url, newApp(), openKfId)],
      ['refused', () => postCallback(url, app, { query: {}, body: '' })],
      ['refused', () => postCallback(url, app, { query, body: 'no XML' })],
      ['refused', () => postCallback(url, { ...app, corpId: 'no id' }, { query, body: '' })],
      ['pending', () => sendMessage(url, app, newOpenKfId())],
      ['pending', () => postJson(`${url}/callback/decrypted/${app.corpId}`, event(newOpenKfId()))],
    ];
    for (const [outcome, end] of ends) {
      const before = await counts();
      await end();
      expect(await counts()).toEqual({ ...before, [outcome]: (before[outcome] ?? 0) + 1 });
    }
  });
});
