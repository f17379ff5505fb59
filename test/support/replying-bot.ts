/** What a bot does that replies to a customer through the manager: it gets a token there, and sends a message. */

const PATH = '/puppetWxkfManager';

export interface Replier {
  readonly corpId: string;
  readonly openKfId: string;
  /** Of a puppet's role; left out where the manager asks for none. */
  readonly secret?: string;
}

/** @param corpSecret known to WeCom. @returns the errcode of the answer; `null` where it has none. */
export async function sendReply(
  managerUrl: string,
  corpSecret: string,
  { corpId, openKfId, secret }: Replier,
): Promise<number | null> {
  const headers = {
    'content-type': 'application/json',
    ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
  };
  const query = new URLSearchParams({ corpid: corpId, corpsecret: corpSecret });
  const given = await fetch(`${managerUrl}${PATH}/getToken?${query}`, { headers });
  const { access_token: token } = (await given.json()) as { readonly access_token?: string };
  const answer = await fetch(`${managerUrl}${PATH}/wxkfRequestProxy/kf/send_msg?access_token=${token}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ touser: 'wm1', open_kfid: openKfId, msgtype: 'text', text: { content: 'hi' } }),
  });
  const text = await answer.text();
  return /"errcode":(-?\d+)/.test(text) ? Number(/"errcode":(-?\d+)/.exec(text)?.[1]) : null;
}
