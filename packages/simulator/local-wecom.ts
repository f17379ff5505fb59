/** One corp of a WeCom that is local: its accounts, customers and staff, its API and its callbacks, all in memory. */
import { AccessTokens } from './api/access-tokens.js';
import { Api } from './api/api.js';
import { CallLog } from './api/call-log.js';
import { GroupRobot, ROBOT_API } from './api/group-robot.js';
import { SyncTokens } from './api/sync-tokens.js';
import { CallbackSender } from './callbacks/callback-sender.js';
import { type CallbackConfig, type Verification, verifyCallbackUrl } from './callbacks/callback-url.js';
import { type Clock, SYSTEM_CLOCK } from './clock.js';
import { type AccessKind, type AccessOptions, type App, newApps } from './corp/app.js';
import type { ChatMessage } from './corp/chat.js';
import { Corp } from './corp/corp.js';
import { type Customer, type IdentityOptions, type KfAccount, newIdentity } from './corp/identity.js';
import { type Faults, NO_FAULTS } from './faults.js';

export interface LocalWecomOptions extends IdentityOptions, AccessOptions {
  /** Nicknames. */
  readonly customers?: readonly string[];
  readonly clock?: Clock;
}

/** Whom a customer's message is to, and whose it is; by default the first of each. */
export interface Between {
  readonly openKfId?: string;
  readonly externalUserId?: string;
}

const TOKEN_LIFE_S = 7_200;
const DEFAULT_CUSTOMERS = ['张三', '李四'];

export abstract class LocalWecom {
  readonly kind: AccessKind;
  /** At least one. */
  readonly apps: readonly App[];
  readonly corp: Corp;
  /** May be changed at any time. */
  readonly faults: Faults = { ...NO_FAULTS };
  readonly callbacks: CallbackSender;
  readonly calls = new CallLog();
  readonly robot: GroupRobot;
  protected readonly api: Api;
  protected readonly clock: Clock;
  /** Ends callbacks that are under way. */
  protected readonly closing = new AbortController();
  readonly #accessTokens: AccessTokens;

  constructor(options: LocalWecomOptions) {
    const { kind = 'self-built', clock = SYSTEM_CLOCK, customers = DEFAULT_CUSTOMERS } = options;
    this.kind = kind;
    this.clock = clock;
    const identity = newIdentity(withAccountsOfApps(options));
    const { corpId } = identity;
    this.apps = newApps(options, identity.accounts);
    this.corp = new Corp(identity, clock, customers);
    this.callbacks = new CallbackSender(corpId, this.faults, clock, this.closing.signal);
    this.#accessTokens = new AccessTokens(() => clock.nowMs());
    for (const { corpSecret } of this.apps) this.#accessTokens.addSecret(corpId, corpSecret, TOKEN_LIFE_S);
    const { corp, apps, faults } = this;
    const state = { corp, apps, accessTokens: this.#accessTokens, syncTokens: new SyncTokens(), faults };
    this.corp.onNews = (openKfId, msgid) => {
      const app = apps.find(({ openKfIds }) => openKfIds.has(openKfId));
      // Without a tick at 可管理的客服账号 nobody is told of the account.
      if (app !== undefined)
        this.callbacks.notify(app, openKfId, state.syncTokens.give(openKfId, clock.nowMs()), msgid);
    };
    this.robot = new GroupRobot(corpId);
    this.api = new Api(state, this.robot);
  }

  /** Of the API and of the page; without a slash at its end. */
  abstract get url(): string;

  /** Where the robot of a group takes messages. */
  get robotUrl(): string {
    return `${this.url}/cgi-bin/${ROBOT_API}?key=${this.robot.key}`;
  }

  get corpId(): string {
    return this.corp.identity.corpId;
  }

  /** The first one. */
  get app(): App {
    return this.#firstOf(this.apps);
  }

  /** Of the first app. */
  get corpSecret(): string {
    return this.app.corpSecret;
  }

  /** Of the first account. */
  get openKfId(): string {
    return this.#firstOf(this.corp.identity.accounts).openKfId;
  }

  get firstCustomerId(): string {
    return this.#firstOf(this.customers).externalUserId;
  }

  get accounts(): readonly KfAccount[] {
    return this.corp.identity.accounts;
  }

  get customers(): readonly Customer[] {
    return this.corp.customers;
  }

  /** Of the first app. */
  get callback(): CallbackConfig {
    return this.app.callback;
  }

  /** As the admin page does it: what does not verify leaves what was saved before. */
  async saveCallback(config: CallbackConfig, app = this.app): Promise<Verification> {
    const verification = await verifyCallbackUrl(this.corpId, config, this.clock, this.closing.signal);
    app.verification = verification;
    app.callback = verification.isVerified ? config : (app.saved ?? config);
    if (verification.isVerified) app.saved = config;
    this.corp.onChange();
    return verification;
  }

  /** A customer writes a text. @returns its msgid. */
  say(content: string, between: Between = {}): string {
    const { openKfId = this.openKfId, externalUserId = this.firstCustomerId } = between;
    return this.corp.write(openKfId, externalUserId, 'text', { content });
  }

  /** The next message that a bot sends to a customer from now on. */
  nextReply(): Promise<ChatMessage> {
    return this.corp.chat.nextReply();
  }

  /** The access token of the app that is out stops being good. @returns false when there is none. */
  revokeAccessToken(errcode: 40014 | 42001 = 40014, { corpSecret } = this.app): boolean {
    try {
      this.#accessTokens.revoke(this.corpId, corpSecret, errcode);
      return true;
    } catch {
      return false;
    }
  }

  #firstOf<T>(items: readonly T[]): T {
    const [first] = items;
    if (first === undefined) throw new Error('there is none');
    return first;
  }
}

/** Accounts that no app may manage are there too, and people alone serve them. */
function withAccountsOfApps({ apps, accounts, ...same }: LocalWecomOptions): IdentityOptions {
  if (apps === undefined) return { ...same, ...(accounts !== undefined && { accounts }) };
  return { ...same, accounts: [...new Set([...apps.flatMap((app) => app.accounts), ...(accounts ?? [])])] };
}
