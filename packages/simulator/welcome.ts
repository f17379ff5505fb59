import type { App } from './corp/app.js';
import type { Here } from './here.js';
import { quoted, toSameAgain } from './options.js';
import type { Simulator } from './simulator.js';

const KINDS = {
  'self-built': 'self-built: each app has its own Secret, callback and accounts',
  'built-in': 'the built-in 微信客服 app: one Secret and one callback for all accounts',
  'stand-alone': 'stand-alone, as at kf.weixin.qq.com: one Secret and one callback for all accounts',
};

/**
 * What is printed at the start: where everything is, and how a manager and a bot are started against it.
 * @param args the command line by which it was started.
 */
export function welcome(simulator: Simulator, here: Here, args: readonly string[]): string {
  const { url, kind, corpId, corpSecret, apps, accounts, callback } = simulator;
  const own = accounts.find(({ openKfId }) => simulator.app.openKfIds.has(openKfId)) ?? accounts[0];
  const again = toSameAgain(args, {
    port: new URL(url).port,
    'corp-id': corpId,
    secret: apps.map((app) => app.corpSecret),
    token: apps.map((app) => app.callback.token),
    'aes-key': apps.map((app) => app.callback.encodingAESKey),
  });
  return `The local WeCom is at ${url}: open it in a browser and write as a customer.

  corp id           ${corpId}
  access            ${KINDS[kind]}
${apps.map((app) => describe(app, simulator)).join('\n')}

The manager, with this as its WeCom:

  WECOM_API_URL=${url} ACCESS_TOKEN_URL=${url}/cgi-bin/gettoken ${here.start}

A bot, for instance the echo puppet:

  MANAGER_URL=http://127.0.0.1:7777 CORP_ID=${corpId} CORP_SECRET=${corpSecret} \\
  KF_ID=${own?.openKfId ?? ''} KF_NAME=${quoted(own?.name ?? '')} CALLBACK_TOKEN=${callback.token} \\
  ENCODING_AES_KEY=${callback.encodingAESKey} node ${quoted(here.fileOf('examples/echo-puppet/echo-puppet.js'))}

The callback URL, to be saved on the page or with --callback-url, is http://127.0.0.1:7777/callback/${corpId}
${apps.length > 1 ? 'It is the same for each app: the manager tells them apart by their signatures.\n' : ''}\
It is answered once a bot with this Token and EncodingAESKey has registered,
or an app with them was added at the manager.

The same again: ${here.simulator} ${again}

Ctrl-C ends it.
`;
}

function describe({ name, corpSecret, callback, openKfIds }: App, { apps, accounts }: Simulator): string {
  const managed = accounts.filter(({ openKfId }) => openKfIds.has(openKfId));
  return [
    ...(apps.length > 1 ? [`  app               ${name}`] : []),
    `  corpSecret        ${corpSecret}`,
    `  Token             ${callback.token}`,
    `  EncodingAESKey    ${callback.encodingAESKey}`,
    ...managed.map((account) => `  kf account        ${account.openKfId}  ${account.name}`),
  ].join('\n');
}
