/** What other tests take for granted of the simulated WeCom. */
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postJson } from './puppet-server.js';
import {
  answer,
  cut,
  drop,
  flood,
  hang,
  hold,
  html,
  hugeHeaders,
  stall,
  times,
  trickle,
} from './wecom-faults.js';
import { mediaSha256 } from './wecom-media.js';
import { startWecomServer, type WecomServer } from './wecom-server.js';

const CORP = 'ww1';
const SECRET = 'secret-1';
let server: WecomServer;

beforeEach(async () => {
  server = await startWecomServer({ nowMs: () => 0 });
  server.addSecret(CORP, SECRET);
});

afterEach(() => server.close());

async function getToken(query = `corpid=${CORP}&corpsecret=${SECRET}`, url = server.tokenUrl) {
  const response = await fetch(`${url}?${query}`);
  expect(response.status).toBe(200);
  return response.json();
}

function callUrl(api: string, query = ''): string {
  return `${server.url}/cgi-bin/${api}?access_token=${server.tokenOf(CORP, SECRET)}${query}`;
}

async function errcodeOf(url: string): Promise<number> {
  const { errcode } = (await (await postJson(url, {})).json()) as { errcode: number };
  return errcode;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('gettoken', () => {
  it('gives the same token again while it is valid, and a new one afterwards', async () => {
    const first = await getToken();
    server.advance(7_199_000);
    expect(await getToken()).toEqual(first);
    expect(first).toEqual({ errcode: 0, errmsg: 'ok', access_token: expect.any(String), expires_in: 7_200 });

    server.advance(1_000);
    expect(await getToken()).not.toEqual(first);
    expect(server.tokenCalls).toBe(3);
  });

  it('says how long the token still lives where it is told to, and as a gateway', async () => {
    await getToken();
    server.advance(100_500);
    expect(await getToken(undefined, server.gatewayTokenUrl)).toMatchObject({ expires_in: 7_099 });
    server.expiresIn = 'remaining';
    expect(await getToken()).toMatchObject({ expires_in: 7_099 });
    expect(server.tokenCalls).toBe(3);
  });

  it('keeps one token for each secret, with its own life', async () => {
    server.addSecret(CORP, 'secret-2', { lifeS: 60 });
    const { access_token } = (await getToken()) as { access_token: string };
    const other = await getToken(`corpid=${CORP}&corpsecret=secret-2`);
    expect(other).toMatchObject({ errcode: 0, expires_in: 60 });
    expect(other).not.toMatchObject({ access_token });
  });

  it.each([
    ['', 41004],
    ['corpid=ww1&corpsecret=', 41004],
    ['corpid=&corpsecret=secret-1', 41002],
    ['corpid=ww2&corpsecret=secret-1', 40013],
    ['corpid=ww1&corpsecret=secret-2', 40001],
  ])('answers "%s" %i in the words of WeCom', async (query, errcode) => {
    const more = `more info at https://open.work.weixin.qq.com/devtool/query\\?e=${errcode}$`;
    expect(await getToken(query)).toEqual({
      errcode,
      errmsg: expect.stringMatching(`^[a-z ]+, hint: \\[\\d+\\], from ip: 127.0.0.1, ${more}`),
    });
  });
});

describe('an access token', () => {
  it('opens the APIs until it expires', async () => {
    const url = callUrl('kf/send_msg');
    expect(await errcodeOf(url)).toBe(0);
    server.advance(7_200_000);
    expect(await errcodeOf(url)).toBe(42001);
  });

  it.each([40014, 42001] as const)(
    'is answered %i once it is revoked, and is given no more',
    async (errcode) => {
      const before = await getToken();
      const url = callUrl('kf/account/list');
      server.revoke(CORP, SECRET, errcode);
      expect(await errcodeOf(url)).toBe(errcode);
      expect(await getToken()).not.toEqual(before);
      expect(await errcodeOf(callUrl('kf/account/list'))).toBe(0);
    },
  );

  it('that is missing or was never given opens nothing', async () => {
    expect(await errcodeOf(`${server.url}/cgi-bin/kf/send_msg`)).toBe(41001);
    expect(await errcodeOf(`${server.url}/cgi-bin/media/get?media_id=a&access_token=other`)).toBe(40014);
  });
});

describe('the APIs', () => {
  it('repeat what they were asked', async () => {
    const sync = await postJson(callUrl('kf/sync_msg'), { cursor: 'c1', token: 'ENC', open_kfid: 'wk1' });
    expect(await sync.json()).toMatchObject({
      errcode: 0,
      next_cursor: 'after c1',
      msg_list: [{ open_kfid: 'wk1', token: 'ENC' }],
    });
    const sent = await postJson(callUrl('kf/send_msg'), { msgid: 'mine' });
    expect(await sent.json()).toEqual({ errcode: 0, errmsg: 'ok', msgid: 'mine' });
    const accounts = await fetch(callUrl('kf/account/list'));
    expect(await accounts.json()).toMatchObject({ account_list: [{ open_kfid: 'wk-0-100' }] });
  });

  it('are remembered with what came over the wire', async () => {
    const next = server.next('kf/send_msg');
    await fetch(callUrl('kf/account/list'));
    await postJson(callUrl('kf/send_msg', '&a=%2F+b'), { text: '好' });
    const [list, send] = server.calls;
    expect(await next).toBe(send);
    expect(list).toMatchObject({ method: 'GET', api: 'kf/account/list', bodyBytes: 0, text: '' });
    expect(send).toMatchObject({
      method: 'POST',
      target: callUrl('kf/send_msg', '&a=%2F+b').slice(server.url.length),
      path: '/cgi-bin/kf/send_msg',
      query: { a: '/ b' },
      text: '{"text":"好"}',
      sha256: sha256(Buffer.from('{"text":"好"}')),
    });
    expect(send?.rawHeaders).toContain('application/json');
    expect(await send?.ended).toBe('answered');
  });

  it('answer 404 to a path that is none of them, and 47001 to what is not JSON', async () => {
    for (const path of [
      '/cgi-bin/kf/none',
      '/cgi-bin//kf/send_msg',
      '/kf/send_msg',
      '/cgi-bin/constructor',
    ]) {
      expect((await fetch(server.url + path)).status).toBe(404);
    }
    const response = await fetch(callUrl('kf/send_msg'), { method: 'POST', body: '{' });
    expect(await response.json()).toMatchObject({ errcode: 47001 });
  });
});

describe('files', () => {
  it('are taken byte for byte, with their boundary', async () => {
    const form = new FormData();
    form.set('media', new Blob([Buffer.alloc(300_000, '\u0000ÿ')]), 'a.bin');
    const { body, headers } = new Request(server.url, { method: 'POST', body: form });
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    const type = headers.get('content-type') ?? '';
    const response = await fetch(callUrl('media/upload', '&type=file'), {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': type },
    });
    const [call] = server.calls;
    expect(call).toMatchObject({ bodyBytes: bytes.length, sha256: sha256(bytes), text: null });
    expect(call?.headers['content-type']).toBe(type);
    expect(await response.json()).toEqual({
      errcode: 0,
      errmsg: 'ok',
      type: 'file',
      media_id: `media-${sha256(bytes).slice(0, 16)}`,
      created_at: '1380000000',
    });
  });

  it('are refused without a type or as anything but a form', async () => {
    expect(await errcodeOf(callUrl('media/upload'))).toBe(40004);
    expect(await errcodeOf(callUrl('media/upload', '&type=image'))).toBe(41005);
  });

  it('show how much has come, also of one that breaks off', async () => {
    const upload = httpRequest(callUrl('media/upload', '&type=file'), { method: 'POST' });
    upload.on('error', () => {});
    const head = server.nextHead();
    upload.write(Buffer.alloc(100_000));
    const call = await head;
    await call.received(100_000);
    upload.destroy();
    expect(await call.ended).toBe('cut');
    expect(call).toMatchObject({ bodyBytes: 100_000, sha256: null, text: null });
  });

  it('come as they are, whole or in part', async () => {
    server.addMedia('m1', { sizeBytes: 200_000, contentType: 'image/png', fileName: 'a.png' });
    const url = callUrl('media/get', '&media_id=m1');
    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-type')).toBe('image/png');
    expect(whole.headers.get('content-disposition')).toBe('attachment; filename="a.png"');
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect(bytes.length).toBe(200_000);
    expect(sha256(bytes)).toBe(mediaSha256(200_000));

    for (const [range, first, end] of [
      ['70000-139999', 70_000, 140_000],
      ['199000-', 199_000, 200_000],
      ['-10', 199_990, 200_000],
    ] as const) {
      const part = await fetch(url, { headers: { range: `bytes=${range}` } });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/200000`);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(bytes.slice(first, end)));
    }
    expect((await fetch(url, { headers: { range: 'bytes=200000-' } })).status).toBe(416);
  });

  it('that are not there are answered 200 and 40007', async () => {
    const response = await fetch(callUrl('media/get', '&media_id=m2'));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ errcode: 40007 });
  });
});

describe('misbehaviour', () => {
  it('is for one API, for so many times, and the rest as usual', async () => {
    server.behave('kf/send_msg', times(2, answer(-1)));
    const codes: number[] = [];
    for (let n = 0; n < 3; n++) codes.push(await errcodeOf(callUrl('kf/send_msg')));
    expect(codes).toEqual([-1, -1, 0]);
    server.behave('*', answer(45009));
    expect(await errcodeOf(callUrl('kf/account/list'))).toBe(45009);
    expect(await errcodeOf(callUrl('kf/send_msg'))).toBe(0);
    expect(server.callsTo('kf/send_msg')).toHaveLength(4);
  });

  it('holds answers until they are released, and counts what arrives meanwhile', async () => {
    const held = hold();
    server.behave('gettoken', held);
    const answers = [getToken(), getToken()];
    expect((await held.arrived).api).toBe('gettoken');
    let isAnswered = false;
    void Promise.race(answers).then(() => {
      isAnswered = true;
    });
    // A round trip that nobody holds.
    await errcodeOf(callUrl('kf/send_msg'));
    expect(isAnswered).toBe(false);
    held.release();
    const [first, second] = await Promise.all(answers);
    expect(second).toEqual(first);
    expect(server.tokenCalls).toBe(2);
  });

  it.each([
    ['hang', hang()],
    ['stall', stall()],
    ['trickle', trickle(1)],
    ['flood', flood()],
  ])('%s has no end, and is over when the caller goes', async (_name, behaviour) => {
    server.behave('kf/send_msg', behaviour);
    const caller = new AbortController();
    const arrived = server.next();
    const response = fetch(callUrl('kf/send_msg'), { method: 'POST', body: 'a', signal: caller.signal });
    const call = await arrived;
    caller.abort();
    await expect(response.then((got) => got.arrayBuffer())).rejects.toThrow('aborted');
    expect(await call.ended).toBe('cut');
  });

  it.each([
    ['cut', cut(), 'terminated'],
    ['drop', drop(), 'fetch failed'],
    ['hugeHeaders', hugeHeaders(), 'fetch failed'],
  ])('%s is an error for the caller', async (_name, behaviour, message) => {
    server.behave('kf/send_msg', behaviour);
    await expect(fetch(callUrl('kf/send_msg')).then((got) => got.arrayBuffer())).rejects.toThrow(message);
  });

  it('cuts after a good head and a part of the body', async () => {
    server.behave('kf/send_msg', cut());
    const response = await fetch(callUrl('kf/send_msg'));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('answers with a page', async () => {
    server.behave('kf/send_msg', html(503));
    const response = await fetch(callUrl('kf/send_msg'));
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'text/html']);
  });
});

it('counts sockets, and tells when all are closed', async () => {
  const [first, second] = [server.nextHead('gettoken'), server.nextHead('/other')];
  const held = hold();
  server.behave('*', held);
  const calls = [fetch(server.tokenUrl), fetch(`${server.url}/other`)];
  await Promise.all([first, second]);
  expect([server.openSockets(), server.maxSockets]).toEqual([2, 2]);
  held.release();
  for (const call of calls) await (await call).text();
  server.closeIdle();
  await server.allClosed();
  expect([server.openSockets(), server.maxSockets]).toEqual([0, 2]);
});
