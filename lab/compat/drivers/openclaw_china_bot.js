/**
 * openclaw-china's plugin `wecom-kf` as its repository has it, in the thinnest host: a web server, and a runtime whose agent
 * echoes, in place of OpenClaw's. The settings are those of `channels.wecom-kf` in OpenClaw; see bot-process.ts.
 */
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const BOT = JSON.parse(process.env.COMPAT_BOT);
const { default: plugin } = await import(pathToFileURL(resolve('extensions/wecom-kf/dist/index.js')));

const settings = {
  enabled: true,
  webhookPath: '/wecom-kf',
  corpId: BOT.corpId,
  corpSecret: BOT.corpSecret,
  openKfId: BOT.openKfId,
  token: BOT.token,
  encodingAESKey: BOT.encodingAESKey,
  ...(BOT.apiBase === null ? {} : { apiBaseUrl: BOT.apiBase }),
};
const config = { channels: { 'wecom-kf': settings } };
const runtime = {
  channel: {
    routing: { resolveAgentRoute: ({ accountId }) => ({ sessionKey: 'echo', accountId }) },
    reply: {
      dispatchReplyWithBufferedBlockDispatcher: ({ ctx, dispatcherOptions }) =>
        dispatcherOptions.deliver({ text: `${BOT.name}: ${ctx.RawBody}` }),
    },
  },
};

const routes = [];
const channels = [];
plugin.register({
  config,
  runtime,
  registerChannel: (registered) => channels.push(registered.plugin),
  registerHttpRoute: (route) => routes.push(route),
});

createServer(async (request, response) => {
  for (const { path, handler } of routes)
    if (request.url.startsWith(path) && (await handler(request, response))) return;
  response.writeHead(404).end();
}).listen(BOT.port, '127.0.0.1');

for (const { gateway } of channels) void gateway.startAccount({ cfg: config, runtime, accountId: 'default' });
