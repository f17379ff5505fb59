/** What the clients make of refusals that are the manager's own. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Client, Later, WecomError } from '../../packages/client-typescript/client.js';
import { hasPython, PYTHON } from '../support/python.js';

const runsPython = hasPython('import concurrent.futures');
/** Prints what a call raises. */
const CALL = `
import os, wxkf_client
client = wxkf_client.Client(os.environ["MANAGER"], "k", "one")
try:
    client.wecom("ww1", "kf/send_msg", {})
except Exception as error:
    print(type(error).__name__)
`;

let server: Server;
let url: string;
let client: Client;
let refusal: { readonly errcode: number; readonly errmsg: string };

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url?.startsWith('/cgi-bin/gettoken?')) {
      response.end(JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: 't', expires_in: 7_200 }));
      return;
    }
    const { errcode } = refusal;
    const isCall = request.url?.startsWith('/cgi-bin/') === true;
    const status = errcode >= 400 && errcode <= 599 ? errcode : 200;
    response.writeHead(isCall ? status : 503).end(JSON.stringify(refusal));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  client = new Client({ manager: url, key: 'k', clientId: 'one' });
  client.on('error', () => {});
});

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const called = (): Promise<unknown> => client.wecom('ww1', 'kf/send_msg', {});

it.each([429, 503, 504, 45009])(
  '%i can pass later, and counts as no refusal of the message',
  async (errcode) => {
    refusal = { errcode, errmsg: 'not now' };
    await expect(called()).rejects.toBeInstanceOf(Later);
  },
);

it.each([403, 95018])('%i is a refusal', async (errcode) => {
  refusal = { errcode, errmsg: 'no' };
  await expect(called()).rejects.toBeInstanceOf(WecomError);
});

(runsPython ? it : it.skip).each([
  [401, 'WecomError'],
  [403, 'WecomError'],
  [95018, 'WecomError'],
  [429, 'Unreachable'],
  [503, 'Unreachable'],
])('%i is in Python: %s', async (errcode, raised) => {
  refusal = { errcode, errmsg: 'no' };
  const env = { ...process.env, MANAGER: url, PYTHONPATH: resolve('packages/client-python') };
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', CALL], { env });
  expect(stdout.trim()).toBe(raised);
});
