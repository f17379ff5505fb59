/** The accounts and the callbacks of the load test, made before it starts so that none of this is measured. */
import { kfMessageXml, newApp, newOpenKfId, sealCallback, type WecomApp } from '../../test/support/wecom.js';

/** As all three programs get it; what makes it a `WecomApp` is that of the corp. */
export interface Account extends WecomApp {
  readonly openKfId: string;
  readonly endpoint: string;
}

export type Callback = {
  readonly account: Account;
  /** Without the question mark. */
  readonly query: string;
  readonly body: string;
  /** The whole request, ready to be written to a socket. */
  readonly request: Buffer;
};

const CORPS = 4;

/** One account per endpoint, shared out among 4 corps. */
export function makeAccounts(endpoints: readonly string[]): Account[] {
  const corps = Array.from({ length: CORPS }, () => newApp());
  return endpoints.map((endpoint, index) => {
    const corp = corps[Math.floor((index * CORPS) / endpoints.length)] ?? newApp();
    return { ...corp, openKfId: newOpenKfId(), endpoint };
  });
}

/** `perAccount` different events of each account, the accounts taking turns. */
export function makeCallbacks(accounts: readonly Account[], perAccount: number): Callback[] {
  return Array.from({ length: perAccount }, () => accounts.map((account) => makeCallback(account))).flat();
}

/** @param forged - signs with another token, so that every program has to refuse it. */
export function makeCallback(account: Account, forged = false): Callback {
  const signer = forged ? newApp() : account;
  const sealed = sealCallback({ ...account, token: signer.token }, kfMessageXml(account, account.openKfId));
  const query = String(new URLSearchParams(sealed.query));
  const { body } = sealed;
  return { account, query, body, request: httpRequest(`/callback/${account.corpId}?${query}`, body) };
}

/** The headers are those that WeCom was seen to send. */
function httpRequest(target: string, body: string): Buffer {
  return Buffer.from(
    `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n` +
      'Pragma: no-cache\r\nCache-Control: no-cache\r\nContent-Type: text/xml\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
