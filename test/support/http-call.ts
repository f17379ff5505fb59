/** HTTP calls that show what came over the wire: names as they were written, duplicates, and when a connection ended. */
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface CallOptions {
  readonly method?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
}

export interface CallAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A request on a connection of its own, whose body is its caller's to write. */
export function open(url: string, { method = 'GET', headers = [] }: CallOptions = {}): ClientRequest {
  const host = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  const request = httpRequest(url, {
    method,
    agent: false,
    headers: [...(host ? [] : ['Host', new URL(url).host]), ...headers],
  });
  // To be cut off is what some calls are for; whoever waits for an answer sees it anyway.
  request.on('error', () => {});
  return request;
}

export async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

export async function call(url: string, { body, ...options }: CallOptions = {}): Promise<CallAnswer> {
  const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  const request = open(url, { ...options, headers: [...(options.headers ?? []), ...length] });
  request.end(body);
  return read(await answerOf(request));
}

export async function read(response: IncomingMessage): Promise<CallAnswer> {
  const body = await buffer(response);
  const { statusCode = 0, statusMessage = '', headers, rawHeaders } = response;
  return { status: statusCode, statusText: statusMessage, headers, rawHeaders, body };
}

export function postJsonBody(value: unknown): CallOptions & { readonly body: string } {
  return { method: 'POST', headers: ['Content-Type', 'application/json'], body: JSON.stringify(value) };
}

/** @returns the JSON object that the answer consists of. */
export function jsonOf({ body }: CallAnswer): Record<string, unknown> {
  return JSON.parse(body.toString('utf8'));
}

/** The values of all headers of that name, written in any case. */
export function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** A bare connection on which `bytes` were written. */
export function openSocket(url: string, bytes: string | Buffer = ''): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(bytes);
  return socket;
}
