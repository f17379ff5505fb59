/** Connections that carry bytes as they are, made directly or through a forward proxy. */
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type LookupFunction, type Socket } from 'node:net';
import type { ForwardProxy } from '../../config/forward-proxy.js';
import { newAgent, ProxyRefusal, toProxyAuthorization } from './forward-proxy.js';

export interface DialOptions {
  readonly lookup: LookupFunction;
  /** Ends the dialling. A connection that is already made does not depend on it. */
  readonly signal: AbortSignal;
}

/** Half-closed connections stay open in the other direction. @throws the system's error; the signal's reason. */
export function connectDirectly(host: string, port: number, dialling: DialOptions): Promise<Socket> {
  const socket = connect({ host, port, lookup: dialling.lookup, allowHalfOpen: true, noDelay: true });
  return settle(socket, dialling.signal, (resolve) => socket.once('connect', () => resolve(socket)));
}

/**
 * @param authority host and port that the proxy connects to.
 * @throws ProxyRefusal; the system's error; the signal's reason.
 */
export function connectThrough(
  proxy: ForwardProxy,
  authority: string,
  headers: Readonly<Record<string, string>>,
  { lookup, signal }: DialOptions,
): Promise<Socket> {
  const url = new URL(proxy.url.reveal());
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'CONNECT',
    path: authority,
    agent: newAgent(url.protocol, null, {}),
    lookup,
    auth: null,
    headers: { host: authority, ...toProxyAuthorization(url), ...headers },
  });
  const connected = settle<Socket>(request, signal, (resolve, reject) => {
    request.once('connect', ({ statusCode = 0 }: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.on('error', () => {});
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return reject(new ProxyRefusal(statusCode));
      }
      socket.allowHalfOpen = true;
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      return resolve(socket);
    });
  });
  request.end();
  return connected;
}

interface Breakable {
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

/** Later errors of the connection are ignored, since `close` follows them. */
function settle<T>(
  under: Breakable,
  signal: AbortSignal,
  begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => {
    under.destroy();
    reject(signal.reason);
  };
  signal.addEventListener('abort', abort, { once: true });
  under.on('error', reject);
  begin(resolve, reject);
  if (signal.aborted) abort();
  return promise.finally(() => signal.removeEventListener('abort', abort));
}
