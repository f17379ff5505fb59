/** The accounts and the callbacks of the load test, made before it starts so that none of this is measured. */
import { randomBytes, randomInt } from 'node:crypto';
import { encrypt, getSignature } from '@wecom/crypto';

/** As all three programs get it; `token` and `encodingAESKey` are those of the corp. */
export type Account = {
  readonly corpId: string;
  readonly openKfId: string;
  readonly endpoint: string;
  readonly token: string;
  readonly encodingAESKey: string;
};

export type Callback = {
  readonly account: Account;
  /** Without the question mark. */
  readonly query: string;
  readonly body: string;
  /** What `body` carries, base64. */
  readonly encrypted: string;
  /** The whole request, ready to be written to a socket. */
  readonly request: Buffer;
};

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function alphanumeric(length: number): string {
  return Array.from({ length }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join('');
}

/** One account per endpoint, five to a corp. */
export function makeAccounts(endpoints: readonly string[]): Account[] {
  const corps = Array.from({ length: Math.ceil(endpoints.length / 5) }, () => ({
    corpId: `ww${randomBytes(8).toString('hex')}`,
    token: alphanumeric(20),
    encodingAESKey: alphanumeric(43),
  }));
  return endpoints.flatMap((endpoint, index) => {
    const corp = corps[Math.floor(index / 5)];
    return corp ? [{ ...corp, openKfId: `wk${alphanumeric(30)}`, endpoint }] : [];
  });
}

/** `perAccount` different events of each account, the accounts taking turns. */
export function makeCallbacks(accounts: readonly Account[], perAccount: number): Callback[] {
  return Array.from({ length: perAccount }, () => accounts.map((account) => makeCallback(account))).flat();
}

/** @param forged - signs with another token, so that every program has to refuse it. */
export function makeCallback(account: Account, forged = false): Callback {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = String(randomInt(1e9, 2e9));
  const encrypted = encrypt(account.encodingAESKey, eventXml(account, timestamp), account.corpId);
  const token = forged ? `${account.token}x` : account.token;
  const signature = getSignature(token, timestamp, nonce, encrypted);
  const query = `msg_signature=${signature}&timestamp=${timestamp}&nonce=${nonce}`;
  const body =
    `<xml><ToUserName><![CDATA[${account.corpId}]]></ToUserName>` +
    `<Encrypt><![CDATA[${encrypted}]]></Encrypt><AgentID><![CDATA[1000002]]></AgentID></xml>`;
  return {
    account,
    query,
    body,
    encrypted,
    request: httpRequest(`/callback/${account.corpId}?${query}`, body),
  };
}

function eventXml(account: Account, createTime: string): string {
  return (
    `<xml><ToUserName><![CDATA[${account.corpId}]]></ToUserName><CreateTime>${createTime}</CreateTime>` +
    '<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>' +
    `<Token><![CDATA[ENC${alphanumeric(44)}]]></Token>` +
    `<OpenKfId><![CDATA[${account.openKfId}]]></OpenKfId></xml>`
  );
}

/** The headers are those that WeCom was seen to send. */
function httpRequest(target: string, body: string): Buffer {
  return Buffer.from(
    `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n` +
      'Pragma: no-cache\r\nCache-Control: no-cache\r\nContent-Type: text/xml\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
