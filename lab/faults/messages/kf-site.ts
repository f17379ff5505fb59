/** One WeCom for several corps: passes each call to the local WeCom of its corp. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KfCorp } from './kf-corp.js';

export class KfSite {
  pulls = 0;
  /** Answers other than errcode 0, and calls that had none. */
  readonly spoilt = new Map<string, number>();
  readonly #server = createServer((request, response) => {
    // Whoever called may be killed meanwhile.
    this.#pass(request, response).catch(() => response.destroy());
  });

  private constructor(readonly corps: readonly KfCorp[]) {}

  static async open(corps: readonly KfCorp[]): Promise<KfSite> {
    const site = new KfSite(corps);
    await once(site.#server.listen(0, '127.0.0.1'), 'listening');
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await Promise.all([once(this.#server, 'close'), ...this.corps.map(({ wecom }) => wecom.close())]);
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await text(request);
    const corp = this.#corpOf(new URL(url, 'http://wecom').searchParams.get('corpid'), body);
    // Nothing else is called here that names neither.
    if (corp === undefined) return void response.writeHead(404).end('{"errcode":404}');
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    try {
      const asked = { method, signal: ended.signal, ...(method === 'POST' && { body }) };
      const answer = await fetch(corp.wecom.url + url, asked);
      const answered = await answer.text();
      const { errcode } = JSON.parse(answered || '{}') as { readonly errcode?: number };
      if (errcode !== 0) this.#count(corp, errcode === undefined ? `HTTP ${answer.status}` : String(errcode));
      else if (url.includes('/kf/sync_msg')) this.pulls++;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answered);
    } catch (error) {
      if (ended.signal.aborted) this.#count(corp, 'no answer');
      throw error;
    }
  }

  #corpOf(corpId: string | null, body: string): KfCorp | undefined {
    const openKfId = /"open_kfid":"([^"]*)"/.exec(body)?.[1];
    return this.corps.find(
      ({ wecom, accounts }) => wecom.corpId === corpId || accounts.some((one) => one.openKfId === openKfId),
    );
  }

  #count(corp: KfCorp, what: string): void {
    corp.spoilt++;
    this.spoilt.set(what, (this.spoilt.get(what) ?? 0) + 1);
  }
}
