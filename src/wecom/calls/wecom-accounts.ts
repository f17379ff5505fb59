import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { newLru } from '../../kernel/lru.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { Corps } from '../../registry/accounts/corps.js';
import { KnownAccounts } from '../../registry/accounts/known-accounts.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import type { TokenRequest } from '../tokens/token-request.js';
import { isTokenError, parseObject } from '../client/wecom-answer.js';
import { RareCalls } from '../../http/outgoing/rare-calls.js';
import { wecomConfig } from '../client/wecom.config.js';

const LIMIT_MS = 5_000;
/** Accounts on one page of WeCom's list (developer.work.weixin.qq.com/document/path/94661), and pages that are read at most. */
const PAGE_SIZE = 100;
const PAGES_MAX = 10;
const ACCOUNTS_MAX = PAGES_MAX * PAGE_SIZE;
/** How long a list is answered again, so that readers cannot use up WeCom's limits. A failure may be over sooner. */
const KEPT_MS = 60_000;
const FAILURE_KEPT_MS = 10_000;
const CORPS_MAX = 1_000;
/** Of a corp; WeCom blocks an address that asks with many wrong ones. */
const SECRETS_MAX = 3;

/** A customer-service account as WeCom lists it. */
interface WecomAccount {
  readonly openKfId: string;
  readonly name: string;
}

type KnownSecret = Pick<TokenRequest, 'corpSecret' | 'botId'>;

/** The accounts, or WeCom's refusal. */
type Listed = { readonly accounts: readonly WecomAccount[] } | { readonly errcode: number };

/** The last question for a corp. */
interface CorpList {
  /** With which secrets. */
  readonly secretIds: string;
  readonly accounts: Promise<readonly WecomAccount[]>;
  untilMs: number;
}

/** Lists a corp's customer-service accounts from WeCom, so that a person can choose among them. */
@Injectable()
export class WecomAccounts {
  /** By corp. */
  readonly #asked = newLru<CorpList>(CORPS_MAX);
  /** When `lookUp` asked last, on the clock that never jumps. By corp. */
  readonly #lookedUpAtMs = newLru<number>(CORPS_MAX);

  constructor(
    private readonly calls: RareCalls,
    private readonly tokens: AccessTokens,
    private readonly corps: Corps,
    private readonly bots: KnownBots,
    private readonly known: KnownAccounts,
    @Inject(wecomConfig.KEY) private readonly config: ConfigType<typeof wecomConfig>,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * At most 1,000 accounts.
   * @param isAskedAnew whether to ask WeCom now. Otherwise the list may be a minute old, and a failure 10 s.
   * @throws AppError `REGISTRY_CORP_NOT_FOUND` when no corpSecret of the corp is known, `WECOM_REFUSED`,
   *   `WECOM_UNREACHABLE`, `REGISTRY_NOT_LOADED`, `STORE_UNAVAILABLE`
   */
  async list(
    corpId: string,
    from: string,
    trace: TraceContext | null,
    isAskedAnew: boolean,
  ): Promise<readonly WecomAccount[]> {
    const secrets = await this.#getSecrets(corpId);
    const secretIds = secrets.map(({ corpSecret }) => secretIdOf(corpId, corpSecret)).join();
    const asked = this.#asked.get(corpId);
    if (asked?.secretIds === secretIds) {
      const isUnderWay = asked.untilMs === Infinity;
      if (isUnderWay || (!isAskedAnew && this.clock.elapsedMs() < asked.untilMs)) return asked.accounts;
    }
    const askedAtMs = this.storeClock.nowMs();
    const caller = { role: 'operator', ip: from } as const;
    const accounts = this.#askInTurn(secrets.map((known) => ({ ...known, corpId, caller, trace })));
    const now: CorpList = { secretIds, accounts, untilMs: Infinity };
    const keepFor = (ms: number): void => {
      now.untilMs = this.clock.elapsedMs() + ms;
    };
    accounts.then(
      (found) => {
        keepFor(KEPT_MS);
        const names = new Map(found.map(({ openKfId, name }) => [openKfId, name]));
        this.known.listed(corpId, { names, askedAtMs, isWhole: found.length < ACCOUNTS_MAX });
      },
      () => keepFor(FAILURE_KEPT_MS),
    );
    this.#asked.set(corpId, now);
    return accounts;
  }

  /**
   * Has `KnownAccounts` know the list, of late: call it where an account shows up that is not on it, or may be gone. WeCom is asked
   * once a minute at most. Never rejects.
   */
  async lookUp(corpId: string): Promise<void> {
    const nowMs = this.clock.elapsedMs();
    if (nowMs - (this.#lookedUpAtMs.get(corpId) ?? -Infinity) < KEPT_MS) return;
    this.#lookedUpAtMs.set(corpId, nowMs);
    await this.list(corpId, '', null, true).catch(() => {});
  }

  async #askInTurn([first, ...others]: readonly TokenRequest[]): Promise<readonly WecomAccount[]> {
    if (first === undefined) throw new AppError('REGISTRY_CORP_NOT_FOUND');
    try {
      return await this.#ask(first);
    } catch (error) {
      const isRefused = error instanceof AppError && error.code === 'WECOM_REFUSED';
      if (!isRefused || others.length === 0) throw error;
      return this.#askInTurn(others);
    }
  }

  async #ask(request: TokenRequest): Promise<readonly WecomAccount[]> {
    const first = await this.#listBy(request);
    const isOfToken = 'errcode' in first && isTokenError(first.errcode);
    const listed = isOfToken ? await this.#listBy(request) : first;
    if ('errcode' in listed) throw new AppError('WECOM_REFUSED', { detail: `errcode ${listed.errcode}` });
    return listed.accounts;
  }

  /** Revokes a token that WeCom refuses. */
  async #listBy(request: TokenRequest): Promise<Listed> {
    const outcome = await this.tokens.getForCall(request);
    if ('refusal' in outcome) return outcome.refusal;
    const { id, value } = outcome.token;
    const accounts: WecomAccount[] = [];
    for (let page = 0; page < PAGES_MAX; page++) {
      const found = await this.#getPage(request.corpId, value, page * PAGE_SIZE);
      if ('errcode' in found) {
        if (isTokenError(found.errcode)) await this.tokens.revoke(id);
        return found;
      }
      accounts.push(...found.accounts);
      if (found.accounts.length < PAGE_SIZE) break;
    }
    return { accounts };
  }

  /** Those of bots first; of one that WeCom refuses the next one may be good. */
  async #getSecrets(corpId: string): Promise<readonly KnownSecret[]> {
    const ofBots = this.bots
      .list()
      .filter((bot) => bot.corpId === corpId)
      .flatMap(({ id: botId, secrets }) =>
        secrets === null || secrets.corpSecret.reveal() === ''
          ? []
          : [{ botId, corpSecret: secrets.corpSecret }],
      );
    const ofPuppets =
      ofBots.length > 0 && !this.corps.hasSecrets(corpId)
        ? []
        : (await this.corps.listSecrets(corpId)).map((corpSecret) => ({ botId: null, corpSecret }));
    const secrets = [...ofBots, ...ofPuppets].slice(0, SECRETS_MAX);
    if (secrets.length === 0) throw new AppError('REGISTRY_CORP_NOT_FOUND');
    return secrets;
  }

  async #getPage(corpId: string, token: Secret, offset: number): Promise<Listed> {
    const { wecomApiUrl } = this.config;
    const url = new URL(`${wecomApiUrl.href.replace(/\/+$/, '')}/cgi-bin/kf/account/list`);
    url.searchParams.set('access_token', token.reveal());
    const body = JSON.stringify({ offset, limit: PAGE_SIZE });
    const headers = { 'content-type': 'application/json' };
    const { text } = await this.calls
      .send({ party: corpId, method: 'POST', url, headers, body, limitMs: LIMIT_MS })
      .catch((cause: unknown) => {
        throw new AppError('WECOM_UNREACHABLE', { cause });
      });
    const answer = parseObject(text);
    if (answer?.errcode !== 0) return { errcode: Number(answer?.errcode) };
    return { accounts: (Array.isArray(answer.account_list) ? answer.account_list : []).flatMap(toAccount) };
  }
}

function toAccount({ open_kfid: openKfId, name }: Record<string, unknown>): WecomAccount[] {
  return typeof openKfId === 'string' ? [{ openKfId, name: typeof name === 'string' ? name : '' }] : [];
}
