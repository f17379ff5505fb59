/**
 * Ways through a forward proxy, for calls to WeCom: Node's agents, which open tunnels by CONNECT, and a route for undici's pools
 * that uses these agents. Its error texts name the remedy. Neither they nor Node's errors contain user and password.
 */
import { Agent as HttpAgent } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { buildConnector, type Dispatcher as Undici } from 'undici';
import type { ForwardProxy } from '../../config/forward-proxy.js';
import { errorCodeOf } from '../../kernel/error-code.js';

/** Node's own agent leaves the connection open when the proxy refuses. */
class TunnelAgent extends HttpsAgent {
  override createConnection(...[options, callback]: Parameters<HttpsAgent['createConnection']>) {
    return super.createConnection(options, (error, socket) => {
      if (error) socket?.on('error', () => {}).destroy();
      callback?.(error, socket);
    });
  }
}

/** @param proxy `null` for an agent that calls directly, whatever the environment says. */
export function newAgent(
  protocol: string,
  proxy: ForwardProxy | null,
  options: AgentOptions,
): HttpAgent | HttpsAgent {
  const proxyEnv = proxy === null ? {} : { [proxy.name]: proxy.url.reveal() };
  return protocol === 'https:'
    ? new TunnelAgent({ ...options, proxyEnv })
    : new HttpAgent({ ...options, proxyEnv });
}

/** Decides before each connection through a proxy whether the host may be called; `null` if so. */
export type HostJudge = (host: string, done: (refusal: Error | null) => void) => void;

/** How a pool reaches its origin. */
export interface ProxyRoute {
  readonly connect: buildConnector.connector;
  toProxied(request: Undici.DispatchOptions): Undici.DispatchOptions;
}

/** An origin with TLS is reached by a tunnel, another one by requests that name it (RFC 9112, 3.2.2 and 3.2.3). */
export function routeThrough(
  proxy: ForwardProxy,
  origin: string,
  connectMs: number,
  judge: HostJudge | null,
): ProxyRoute {
  const route = origin.startsWith('https:')
    ? { connect: tunnelConnector(proxy, connectMs), toProxied: (request: Undici.DispatchOptions) => request }
    : toForwarding(new URL(proxy.url.reveal()), origin, connectMs);
  return judge === null ? route : { ...route, connect: judgedConnector(route.connect, judge) };
}

function judgedConnector(connect: buildConnector.connector, judge: HostJudge): buildConnector.connector {
  return (options, callback) =>
    judge(options.hostname, (refusal) => {
      if (refusal === null) connect(options, callback);
      else callback(refusal, null);
    });
}

/** Not undici's own ProxyAgent: it waits for the answer to CONNECT without a limit, and gives the status only in prose. */
function tunnelConnector(proxy: ForwardProxy, connectMs: number): buildConnector.connector {
  const agent = newAgent('https:', proxy, {});
  return ({ hostname, port, servername }, callback) => {
    const target = { host: hostname, port: Number(port) || 443, servername, timeout: connectMs };
    agent.createConnection(target, (error, socket) => {
      if (error) callback(error, null);
      else callback(null, socket as Socket);
    });
  };
}

function toForwarding(proxy: URL, origin: string, connectMs: number): ProxyRoute {
  const connect = buildConnector({ timeout: connectMs, allowH2: false });
  const { protocol, hostname, host, port } = proxy;
  const credentials = Object.entries(toProxyAuthorization(proxy)).flat();
  return {
    connect: (options, callback) =>
      connect({ ...options, protocol, hostname, host, port, servername: hostname }, callback),
    toProxied: (request) => ({
      ...request,
      path: `${origin}${request.path}`,
      headers: [...(request.headers as readonly string[]), ...credentials],
    }),
  };
}

/** The header with the proxy's user and password, where it has any. */
export function toProxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return user === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

/** The error code of Node's agents when a proxy opens no tunnel. */
export const TUNNEL_FAILED = 'ERR_PROXY_TUNNEL';
export const PROXY_AUTHENTICATION_REQUIRED = 407;

/** A proxy's own answer to a request that names its target. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly code = TUNNEL_FAILED;

  constructor(readonly statusCode: number) {
    super(`the proxy answered ${statusCode}`);
  }
}

/** With a proxy, the only address that is dialled is the proxy's. */
const NOT_DIALLED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/** @returns why the proxy let nothing through, and the remedy; `null` when the proxy is not the cause. */
export function proxyFaultOf(proxy: ForwardProxy | null, error: unknown): string | null {
  if (proxy === null) return null;
  const code = errorCodeOf(error);
  const instead = `or list in NO_PROXY what is to be called directly`;
  if (NOT_DIALLED.test(code)) {
    return `the proxy of ${proxy.name} cannot be reached (${code}); correct ${proxy.name}, ${instead}`;
  }
  if (code !== TUNNEL_FAILED) return null;
  const status = (error as { readonly statusCode?: number }).statusCode;
  if (status === undefined) {
    return `the proxy of ${proxy.name} opened no tunnel in time; look at it, ${instead}`;
  }
  if (status === PROXY_AUTHENTICATION_REQUIRED) {
    return `the proxy of ${proxy.name} wants another user and password (407); put them into ${proxy.name}, as http://user:password@host:port`;
  }
  return `the proxy of ${proxy.name} refuses to connect (${status}); have it allow that host, ${instead}`;
}
