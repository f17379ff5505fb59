/** What the load test's count of messages must not hide: one that was lost, came twice or before its turn. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAccounts } from '../../lab/bench/load/accounts.js';
import { Conversation, KfMessages, secretOf } from '../../lab/bench/load/kf-messages.js';

let conversation: Conversation;
let entry: (number: number) => string;

beforeEach(() => {
  const [account] = makeAccounts(['http://127.0.0.1:1']);
  if (account === undefined) throw new Error('there is no account');
  conversation = new Conversation(account);
  for (let n = 0; n < 3; n += 1) conversation.append();
  entry = (number) => conversation.entries[number] ?? '';
});

describe('arrivals', () => {
  it('are counted in their order, with how long ago each was appended', () => {
    expect(conversation.arrive(entry(0))).toBeGreaterThanOrEqual(0);
    expect(conversation.arrive(entry(1))).toBeGreaterThanOrEqual(0);
    expect([conversation.arrived, conversation.wrong]).toEqual([2, []]);
  });

  it.each([
    ['comes twice', () => [entry(0), entry(0)]],
    ['comes before its turn', () => [entry(0), entry(2)]],
    ['comes with another one', () => [entry(0), `${entry(1)},${entry(2)}`]],
    ['is none', () => [entry(0), '{"errcode":0,"msg_list":[]}']],
    ['was never appended', () => [entry(0), entry(1).replace('00000001', '00000003')]],
  ])('tell of a message that %s', (_what, texts) => {
    for (const text of texts()) conversation.arrive(text);
    expect(conversation.arrived).toBe(1);
    expect(conversation.wrong).toHaveLength(1);
  });
});

describe('pages', () => {
  let wecom: KfMessages;

  beforeEach(async () => {
    wecom = await KfMessages.open([conversation]);
  });

  afterEach(() => wecom.close());

  it('go on from their cursor until there is no more', async () => {
    const first = await pull({ limit: 2 });
    expect(first).toMatchObject({ errcode: 0, has_more: 1 });
    const second = await pull({ limit: 2, cursor: first.next_cursor });
    expect(second).toMatchObject({ errcode: 0, has_more: 0 });
    const list = [...first.msg_list, ...second.msg_list].map((one) => JSON.stringify(one));
    expect(list).toEqual(conversation.entries);
    expect(await pull({ limit: 2, cursor: second.next_cursor })).toMatchObject({ has_more: 0, msg_list: [] });
  });

  it('need the secret of their corp for an access token', async () => {
    const { corpId } = conversation.account;
    expect(await getToken(corpId, secretOf({ corpId }))).toMatchObject({ errcode: 0 });
    expect(await getToken(corpId, 'another')).toMatchObject({ errcode: 40_001 });
  });

  async function pull(fields: object): Promise<{ next_cursor: string; msg_list: unknown[] }> {
    const answer = await fetch(`${wecom.env.WECOM_API_URL}/cgi-bin/kf/sync_msg?access_token=any`, {
      method: 'POST',
      body: JSON.stringify({ open_kfid: conversation.account.openKfId, ...fields }),
    });
    return (await answer.json()) as { next_cursor: string; msg_list: unknown[] };
  }

  async function getToken(corpid: string, corpsecret: string): Promise<unknown> {
    const query = new URLSearchParams({ corpid, corpsecret });
    return (await fetch(`${wecom.env.ACCESS_TOKEN_URL}?${query}`)).json();
  }
});
