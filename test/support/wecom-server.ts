/**
 * WeCom's API on a real socket: access tokens, a few calls of customer service, files. It remembers all that it
 * is sent, answers wrong tokens and secrets as WeCom does, and misbehaves on demand (`wecom-faults.ts`).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AccessTokens, type ExpiresIn } from '../../packages/simulator/api/access-tokens.js';
import { type ApiAnswer, sendAnswer } from '../../packages/simulator/api/answers.js';
import { API_NAMES, answerOfApi } from './wecom-apis.js';
import { WecomCall } from './wecom-call.js';
import { type Behaviour, usual } from './wecom-faults.js';
import { type Media, sendMedia } from './wecom-media.js';

/** Where tokens are given as by a gateway in WeCom's place: `expires_in` is always what remains. */
const GATEWAY_PATH = '/gateway/token';

export interface WecomServerOptions {
  readonly port?: number;
  /** What `expires_in` is when a token is given again. */
  readonly expiresIn?: ExpiresIn;
  /** Its own time before `advance`; epoch milliseconds. */
  readonly nowMs?: () => number;
}

/** Who waits for a call. */
class Waiting {
  #all: { readonly api: string; readonly resolve: (call: WecomCall) => void }[] = [];

  next(api: string): Promise<WecomCall> {
    return new Promise((resolve) => void this.#all.push({ api, resolve }));
  }

  tell(call: WecomCall): void {
    const isFor = ({ api }: { readonly api: string }) => api === '*' || api === call.api;
    for (const { resolve } of this.#all.filter(isFor)) resolve(call);
    this.#all = this.#all.filter((waiting) => !isFor(waiting));
  }
}

export class WecomServer {
  /** All that arrived, in the order of their heads. */
  readonly calls: WecomCall[] = [];
  maxSockets = 0;
  expiresIn: ExpiresIn;
  readonly #server = createServer((request, response) => this.#serve(request, response));
  readonly #tokens: AccessTokens;
  readonly #media = new Map<string, Media>();
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #sockets = new Set<Socket>();
  readonly #headsWaiting = new Waiting();
  readonly #callsWaiting = new Waiting();
  readonly #closedWaiting: (() => void)[] = [];
  #advancedMs = 0;

  constructor({ expiresIn = 'life', nowMs = Date.now }: WecomServerOptions = {}) {
    this.expiresIn = expiresIn;
    this.#tokens = new AccessTokens(() => nowMs() + this.#advancedMs);
    this.#server.on('connection', (socket: Socket) => this.#watch(socket));
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** For `WECOM_API_URL`; without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For `ACCESS_TOKEN_URL`. */
  get tokenUrl(): string {
    return `${this.url}/cgi-bin/gettoken`;
  }

  /** For `ACCESS_TOKEN_URL`, where it is a gateway that keeps the tokens. */
  get gatewayTokenUrl(): string {
    return `${this.url}${GATEWAY_PATH}`;
  }

  /** Each secret has a token of its own, as each app of a corp has in WeCom. */
  addSecret(corpId: string, corpSecret: string, { lifeS = 7_200 }: { readonly lifeS?: number } = {}): void {
    this.#tokens.addSecret(corpId, corpSecret, lifeS);
  }

  /** The secret's valid token, as gettoken would give it now. @throws Error when the secret is not known. */
  tokenOf(corpId: string, corpSecret: string): string {
    return this.#tokens.tokenOf(corpId, corpSecret);
  }

  /** From now on every API answers `errcode` to the secret's token, and gettoken gives a new one. */
  revoke(corpId: string, corpSecret: string, errcode: 40014 | 42001 = 40014): void {
    this.#tokens.revoke(corpId, corpSecret, errcode);
  }

  /** What `media/get` gives for that id; its bytes are those of `mediaChunks`. */
  addMedia(mediaId: string, media: Partial<Media> & Pick<Media, 'sizeBytes'>): void {
    this.#media.set(mediaId, { contentType: 'application/octet-stream', fileName: 'file.bin', ...media });
  }

  /** Moves its time on; tokens expire. */
  advance(ms: number): void {
    this.#advancedMs += ms;
  }

  /** @param api as `WecomCall.api`; `*` is whatever has no behaviour of its own. `usual` takes one back. */
  behave(api: string, behaviour: Behaviour): void {
    this.#behaviours.set(api, behaviour);
  }

  callsTo(api: string): WecomCall[] {
    return this.calls.filter((call) => call.api === api);
  }

  get tokenCalls(): number {
    return this.callsTo('gettoken').length + this.callsTo(GATEWAY_PATH).length;
  }

  /** Resolves with the next call to that API, or to any, when all of it has arrived. */
  next(api = '*'): Promise<WecomCall> {
    return this.#callsWaiting.next(api);
  }

  /** The same when its head has arrived. */
  nextHead(api = '*'): Promise<WecomCall> {
    return this.#headsWaiting.next(api);
  }

  /** How many are open now. */
  openSockets(): number {
    return this.#sockets.size;
  }

  /** Resolves when no socket is open any more. */
  allClosed(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#sockets.size === 0) resolve();
      else this.#closedWaiting.push(resolve);
    });
  }

  /** Ends the connections on which nothing is under way, as a load balancer does with old ones. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = new WecomCall(request, response);
    this.calls.push(call);
    this.#headsWaiting.tell(call);
    const behaviour = this.#behaviours.get(call.api) ?? this.#behaviours.get('*') ?? usual;
    if (!behaviour.isBeforeBody && !(await call.readBody())) return;
    this.#callsWaiting.tell(call);
    behaviour({ call, request, response, usual: () => this.#answer(call, response) });
  }

  #answer(call: WecomCall, response: ServerResponse): void {
    const answer = this.#answerTo(call);
    const media = this.#mediaOf(call);
    if (answer !== null) sendAnswer(response, answer);
    else if (call.api === 'media/get' && media) sendMedia(response, call.headers, media);
    else response.writeHead(404, { 'Content-Length': 9 }).end('not found');
  }

  /** @returns `null` where it is not JSON that WeCom answers. */
  #answerTo(call: WecomCall): ApiAnswer | null {
    const { corpid = '', corpsecret = '', access_token = '' } = call.query;
    if (call.api === 'gettoken') return this.#tokens.give(corpid, corpsecret, this.expiresIn);
    if (call.api === GATEWAY_PATH) return this.#tokens.give(corpid, corpsecret, 'remaining');
    if (!API_NAMES.has(call.api)) return null;
    return this.#tokens.refusalOf(access_token) ?? answerOfApi(call, this.#mediaOf(call) !== undefined);
  }

  #mediaOf({ query }: WecomCall): Media | undefined {
    return this.#media.get(query.media_id ?? '');
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket);
    this.maxSockets = Math.max(this.maxSockets, this.#sockets.size);
    // To be cut off is what some of them are for.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) for (const resolve of this.#closedWaiting.splice(0)) resolve();
    });
  }
}

export async function startWecomServer(options: WecomServerOptions = {}): Promise<WecomServer> {
  const server = new WecomServer(options);
  await server.listen(options.port);
  return server;
}
