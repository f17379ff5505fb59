/** WeCom's API for several corps, as far as pulling goes: `gettoken` and `kf/sync_msg`, with the simulator's rules. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessTokens } from '../../../packages/simulator/api/access-tokens.js';
import { type ApiAnswer, ok, Refused, refusal, sendAnswer } from '../../../packages/simulator/api/answers.js';
import { RequestFields } from '../../../packages/simulator/api/request-fields.js';
import { SyncTokens } from '../../../packages/simulator/api/sync-tokens.js';
import { readBody } from '../../../packages/simulator/read-body.js';
import type { KfAccount, KfCorp, Trouble } from './kf-corp.js';

const PAGE_MAX = 1_000;
const TOKEN_LIFE_S = 7_200;
const BODY_BYTES_MAX = 65_536;
const ERRCODES = { busy: -1, limited: 45_009 } as const;

export class KfSite {
  pulls = 0;
  /** Answers that were spoilt, and cursors that were refused. */
  readonly spoilt = new Map<Trouble | 'cursor', number>();
  readonly #tokens = new AccessTokens(() => Date.now());
  readonly #syncTokens: ReadonlyMap<KfCorp, SyncTokens>;
  readonly #accounts: ReadonlyMap<string, KfAccount>;
  readonly #server: Server;

  private constructor(readonly corps: readonly KfCorp[]) {
    for (const { app, corpSecret } of corps) this.#tokens.addSecret(app.corpId, corpSecret, TOKEN_LIFE_S);
    // Each corp has its own limit of pulls without a token.
    this.#syncTokens = new Map(corps.map((corp) => [corp, new SyncTokens()]));
    this.#accounts = new Map(
      corps.flatMap(({ accounts }) => accounts.map((account) => [account.openKfId, account])),
    );
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(corps: readonly KfCorp[]): Promise<KfSite> {
    const site = new KfSite(corps);
    site.#server.listen(0, '127.0.0.1');
    await once(site.#server, 'listening');
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The Token of a new event of the account. */
  giveSyncToken({ corp, openKfId }: KfAccount): string {
    return this.#syncTokensOf(corp).give(openKfId, Date.now());
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, BODY_BYTES_MAX).catch(() => null);
    const url = new URL(request.url ?? '/', 'http://wecom');
    const text = body?.toString('utf8') ?? '';
    const account = this.#accounts.get(RequestFields.of(text).string('open_kfid', 64));
    const corp = account?.corp ?? this.corps.find(({ app }) => app.corpId === url.searchParams.get('corpid'));
    const trouble = corp?.trouble ?? null;
    if (trouble !== null) this.#count(trouble);
    switch (trouble) {
      case 'hangs':
        return;
      case 'fails':
        response.writeHead(500).end();
        return;
      case 'busy':
      case 'limited':
        sendAnswer(response, refusal(ERRCODES[trouble]));
        return;
      case null:
        sendAnswer(response, this.#answer(url, text, account ?? null));
        return;
      default:
        trouble satisfies never;
    }
  }

  #answer({ pathname, searchParams }: URL, body: string, account: KfAccount | null): ApiAnswer {
    if (pathname === '/cgi-bin/gettoken')
      return this.#tokens.give(
        searchParams.get('corpid') ?? '',
        searchParams.get('corpsecret') ?? '',
        'life',
      );
    const refused = this.#tokens.refusalOf(searchParams.get('access_token') ?? '');
    if (refused !== null) return refused;
    if (pathname !== '/cgi-bin/kf/sync_msg') return refusal(404, `nothing plays ${pathname}`);
    if (account === null) return refusal(95_000);
    try {
      return this.#sync(RequestFields.of(body), account);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.errcode === 40_058) this.#count('cursor');
      return refusal(error.errcode, error.text);
    }
  }

  #sync(fields: RequestFields, account: KfAccount): ApiAnswer {
    this.pulls++;
    const { corp, openKfId } = account;
    const cursor = fields.string('cursor', 64);
    const limit = fields.integer('limit', PAGE_MAX, 0, PAGE_MAX) || PAGE_MAX;
    this.#syncTokensOf(corp).admit(openKfId, fields.string('token', 128), Date.now());
    const { messages, nextCursor, hasMore } = account.page(cursor, limit, corp.repeated);
    return ok({ next_cursor: nextCursor, has_more: hasMore ? 1 : 0, msg_list: messages });
  }

  #syncTokensOf(corp: KfCorp): SyncTokens {
    const tokens = this.#syncTokens.get(corp);
    if (tokens === undefined) throw new Error('a corp of another site');
    return tokens;
  }

  #count(what: Trouble | 'cursor'): void {
    this.spoilt.set(what, (this.spoilt.get(what) ?? 0) + 1);
  }
}
