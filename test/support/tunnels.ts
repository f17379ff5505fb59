/** Programs that open tunnels through a manager, on bare sockets and by Node's own agent. */
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { CallAnswer } from './http-call.js';
import { call, jsonOf, postJsonBody, read } from './http-call.js';

export interface AddedBot {
  readonly id: string;
  readonly key: string;
}

/** One that registers by itself, if it ever does. @param secret of an operator. */
export async function addTunnelBot(url: string, corpId: string, secret?: string): Promise<AddedBot> {
  const body = { name: 'fixed base', corpId, openKfIds: ['*'], kind: 'puppet', api: 'tunnel' };
  const { headers = [], ...post } = postJsonBody(body);
  const credentials = secret === undefined ? [] : ['Authorization', `Bearer ${secret}`];
  const answer = await call(`${url}/api/v1/bots`, { ...post, headers: [...headers, ...credentials] });
  if (answer.status !== 200) throw new Error(`the bot was not added: ${answer.body}`);
  return jsonOf(answer) as unknown as AddedBot;
}

/** The value of `Proxy-Authorization` that `http://bot:KEY@manager` stands for. */
export function basicOf(key: string): string {
  return `Basic ${Buffer.from(`bot:${key}`).toString('base64')}`;
}

/** A tunnel, or the answer of who refused it. */
export type Tunnelled = { readonly socket: Socket } | { readonly refused: CallAnswer };

/** @param credentials for `Proxy-Authorization`; `''` for none. */
export function openTunnel(
  url: string,
  target: string,
  credentials: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Tunnelled> {
  return new Promise((resolve, reject) => {
    const headers = { ...more, ...(credentials !== '' && { 'proxy-authorization': credentials }) };
    const request = httpRequest(url, { method: 'CONNECT', path: target, agent: false, headers });
    request.once('connect', (response, socket: Socket, head: Buffer) => {
      socket.on('error', () => {});
      if (head.length > 0) socket.unshift(head);
      if (response.statusCode === 200) return resolve({ socket });
      // Node leaves the body of such an answer to the socket.
      buffer(socket).then((body) => {
        const { statusCode = 0, statusMessage = '', headers: got, rawHeaders } = response;
        const refused = { status: statusCode, statusText: statusMessage, headers: got, rawHeaders, body };
        resolve({ refused });
      }, reject);
    });
    request.once('error', reject);
    request.end();
  });
}

/** @throws Error where it was refused. */
export async function tunnelOf(...asked: Parameters<typeof openTunnel>): Promise<Socket> {
  const opened = await openTunnel(...asked);
  if ('socket' in opened) return opened.socket;
  throw new Error(`${opened.refused.status}: ${opened.refused.body}`);
}

/** @throws Error where it was opened. */
export async function refusalOf(...asked: Parameters<typeof openTunnel>): Promise<CallAnswer> {
  const opened = await openTunnel(...asked);
  if ('refused' in opened) return opened.refused;
  opened.socket.destroy();
  throw new Error('the tunnel was opened');
}

/** As a program does that has `HTTPS_PROXY` in its environment. */
export function agentThrough(managerUrl: string, key: string, ca: string): Agent {
  const proxy = managerUrl.replace('http://', `http://bot:${key}@`);
  return new Agent({ proxyEnv: { HTTPS_PROXY: proxy }, ca, keepAlive: true });
}

export function callThrough(agent: Agent, url: string): Promise<CallAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, { agent }, (response) => void read(response).then(resolve, reject));
    request.once('error', reject);
    request.end();
  });
}
