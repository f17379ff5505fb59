import type { Here } from './here.js';
import { quoted, toSameAgain } from './options.js';
import type { Simulator } from './simulator.js';

/**
 * What is printed at the start: where everything is, and how a manager and a bot are started against it.
 * @param args the command line by which it was started.
 */
export function welcome(simulator: Simulator, here: Here, args: readonly string[]): string {
  const { url, corpId, corpSecret, accounts, callback, openKfId } = simulator;
  const again = toSameAgain(args, {
    port: new URL(url).port,
    'corp-id': corpId,
    secret: corpSecret,
    token: callback.token,
    'aes-key': callback.encodingAESKey,
  });
  const name = accounts[0]?.name ?? '';
  return `The local WeCom is at ${url}: open it in a browser and write as a customer.

  corp id           ${corpId}
  corpSecret        ${corpSecret}
  Token             ${callback.token}
  EncodingAESKey    ${callback.encodingAESKey}
${accounts.map((account) => `  kf account        ${account.openKfId}  ${account.name}`).join('\n')}

The manager, with this as its WeCom:

  WECOM_API_URL=${url} ACCESS_TOKEN_URL=${url}/cgi-bin/gettoken ${here.start}

A bot, for instance the echo puppet:

  MANAGER_URL=http://127.0.0.1:7777 CORP_ID=${corpId} CORP_SECRET=${corpSecret} \\
  KF_ID=${openKfId} KF_NAME=${quoted(name)} CALLBACK_TOKEN=${callback.token} \\
  ENCODING_AES_KEY=${callback.encodingAESKey} node ${quoted(here.fileOf('examples/echo-puppet/echo-puppet.js'))}

The callback URL, to be saved on the page or with --callback-url, is http://127.0.0.1:7777/callback/${corpId}
It is answered once a bot with this Token and EncodingAESKey has registered,
or an app with them was added at the manager.

The same again: ${here.simulator} ${again}

Ctrl-C ends it.
`;
}
