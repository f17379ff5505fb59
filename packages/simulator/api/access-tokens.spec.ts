/** Who may call the API of the local WeCom (gettoken, 91039; 企业可信IP). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start();
});

afterEach(() => client.close());

describe('gettoken', () => {
  it('gives one token for two hours, and then another', async () => {
    const first = await client.getToken();
    expect(first).toEqual({ errcode: 0, errmsg: 'ok', access_token: expect.any(String), expires_in: 7_200 });
    await client.clock.advance(7_199_000);
    expect((await client.getToken()).access_token).toBe(first.access_token);
    await client.clock.advance(1_000);
    expect((await client.getToken()).access_token).not.toBe(first.access_token);
  });

  it.each([
    [{}, 41004],
    [{ corpid: 'test', corpsecret: 'test' }, 40013],
    [{ corpsecret: 'test' }, 41002],
    [{ corpid: 'ww1' }, 41004],
  ])('answers %j with %d', async (query, errcode) => {
    expect((await client.getToken(query)).errcode).toBe(errcode);
  });

  it('answers a wrong secret in the words of WeCom', async () => {
    const answer = await client.getToken({ ...client.credentials, corpsecret: 'wrong' });
    expect(answer).toEqual({
      errcode: 40001,
      errmsg: expect.stringMatching(
        /^invalid credential, hint: \[\d+\], from ip: 127\.0\.0\.1, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=40001$/,
      ),
    });
  });
});

describe('a call', () => {
  const list = async (token: string) => {
    const response = await fetch(`${client.simulator.url}/cgi-bin/kf/account/list?access_token=${token}`);
    return ((await response.json()) as { errcode: number }).errcode;
  };

  it('without a token, with a wrong one, with an old one is refused', async () => {
    const token = await client.accessToken();
    expect(await list('')).toBe(41001);
    expect(await list('wrong')).toBe(40014);
    expect(await list(token)).toBe(0);
    await client.clock.advance(7_200_000);
    expect(await list(token)).toBe(42001);
  });

  it.each([40014, 42001] as const)(
    'with a token that was revoked as %d is refused so, and a new token is given',
    async (errcode) => {
      const token = await client.accessToken();
      expect(client.simulator.revokeAccessToken(errcode)).toBe(true);
      expect(await list(token)).toBe(errcode);
      expect(await list(await client.accessToken())).toBe(0);
    },
  );

  it('of what is not played says so, with 404', async () => {
    const response = await fetch(`${client.simulator.url}/cgi-bin/kf/knowledge/add_group`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      errcode: 404,
      errmsg: expect.stringContaining('the simulator does not play /cgi-bin/kf/knowledge/add_group'),
    });
  });

  it('gives the addresses that WeCom calls from, and an empty list beside an error', async () => {
    expect(await client.call('getcallbackip')).toEqual({ errcode: 0, errmsg: 'ok', ip_list: ['127.0.0.1'] });
    const response = await fetch(`${client.simulator.url}/cgi-bin/getcallbackip?access_token=wrong`);
    expect(await response.json()).toMatchObject({ errcode: 40014, ip_list: [] });
  });
});

it('from an address that is not trusted is refused with 60020, but for gettoken', async () => {
  await client.close();
  client = await SimulatorClient.start({ trustedIps: ['10.1.2.3'] });
  const answer = await client.call('kf/account/list');
  expect(answer.errcode).toBe(60020);
  expect(answer.errmsg).toMatch(/^not allow to access from your ip, hint: \[\d+\], from ip: 127\.0\.0\.1, /);
});

describe('faults', () => {
  it('make every call busy, or files alone', async () => {
    client.simulator.faults.mediaFails = true;
    expect((await client.call('media/get')).errcode).toBe(-1);
    expect((await client.call('kf/account/list')).errcode).toBe(0);
    client.simulator.faults.apiBusy = true;
    expect((await client.getToken()).errcode).toBe(-1);
  });

  it('limit every call, fail it or leave it without an answer', async () => {
    const { faults, url } = client.simulator;
    const get = () => fetch(`${url}/cgi-bin/gettoken`, { signal: AbortSignal.timeout(200) });
    faults.apiLimited = true;
    expect((await client.getToken()).errcode).toBe(45009);
    faults.apiFails = true;
    expect((await get()).status).toBe(500);
    faults.apiHangs = true;
    await expect(get()).rejects.toThrow('timeout');
  });

  it('make the answers late', async () => {
    client.simulator.faults.apiDelayMs = 3_000;
    const answer = client.getToken();
    let isThere = false;
    void answer.then(() => {
      isThere = true;
    });
    while (client.clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isThere).toBe(false);
    await client.clock.advance(3_000);
    expect((await answer).errcode).toBe(0);
  });
});
