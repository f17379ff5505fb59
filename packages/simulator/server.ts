/** The one HTTP server: WeCom's API under /cgi-bin/, everything else to the control API and the page. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.js';
import type { Api } from './api/api.js';
import type { ApiCall } from './api/api-call.js';
import type { CallLog } from './api/call-log.js';
import type { Control } from './control/control.js';
import type { Faults } from './faults.js';
import { readBody } from './read-body.js';

const API_ROOT = '/cgi-bin/';
/** A file of 20 MB with its form around it, and one that is too large for its own refusal. */
const BODY_BYTES_MAX = 32 * 1_048_576;

export class SimulatorServer {
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(
    private readonly api: Api,
    private readonly control: Control,
    private readonly calls: CallLog,
    private readonly faults: Readonly<Faults>,
    private readonly clock: Clock,
  ) {}

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.control.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = URL.parse(`http://simulator${request.url ?? '/'}`);
      if (url === null) return void response.writeHead(400).end();
      const path = url.pathname.replace(/\/{2,}/g, '/');
      if (path.startsWith(API_ROOT)) await this.#call(request, response, url, path.slice(API_ROOT.length));
      else await this.control.serve(request, response, url);
    } catch (error) {
      fail(response, error);
    }
  }

  async #call(request: IncomingMessage, response: ServerResponse, url: URL, api: string): Promise<void> {
    const body = await readBody(request, BODY_BYTES_MAX);
    if (body === null) return void response.writeHead(413, { Connection: 'close' }).end();
    const startedMs = this.clock.elapsedMs();
    const atMs = this.clock.nowMs();
    await this.#delay();
    if (this.faults.apiHangs) return;
    if (this.faults.apiFails) return void response.writeHead(500).end();
    const call: ApiCall = {
      method: request.method ?? '',
      api,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body,
      fromIp: request.socket.remoteAddress ?? '',
    };
    const answer = this.api.answer(call, response);
    const app = this.api.appOf(call)?.name ?? '';
    this.calls.add(call, answer, app, atMs, this.clock.elapsedMs() - startedMs);
  }

  async #delay(): Promise<void> {
    const { apiDelayMs } = this.faults;
    if (apiDelayMs > 0) await new Promise<void>((resolve) => void this.clock.after(apiDelayMs, resolve));
  }
}

/** A mistake of the simulator itself, or a caller that broke off. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const message = error instanceof Error ? error.message : String(error);
  response
    .writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
    .end(`the simulator failed: ${message}\n`);
}
