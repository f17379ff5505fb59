/** WeCom's callbacks: an event for each message, sent again up to three times while it is not answered 200 within 5 s. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withQuery } from '../../../packages/simulator/callbacks/callback-url.js';
import { exchange } from '../../../packages/simulator/callbacks/http-exchange.js';
import { SYSTEM_CLOCK } from '../../../packages/simulator/clock.js';
import { kfMessageXml, nowS, sealCallback } from '../../../test/support/wecom.js';
import type { KfAccount } from './kf-corp.js';
import type { KfSite } from './kf-site.js';

const CUT_MS = 5_000;
const ATTEMPTS = 4;

export class KfCallbacks {
  sent = 0;
  accepted = 0;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** How many messages an account had when an event was sent that was answered 200. */
  readonly #told = new Map<KfAccount, number>();

  /** @param nextUrl of a manager, each time the next one's. */
  constructor(
    private readonly site: KfSite,
    private readonly nextUrl: () => string,
  ) {}

  notify(account: KfAccount): void {
    const sending = this.#deliver(account).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  /** The manager was not told of their latest messages, or not that it knows of. */
  listUntold(): KfAccount[] {
    const accounts = this.site.corps.flatMap((corp) => corp.accounts);
    return accounts.filter((account) => (this.#told.get(account) ?? 0) < account.messages.length);
  }

  async whenIdle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.whenIdle();
  }

  async #deliver(account: KfAccount): Promise<void> {
    const { corp, openKfId } = account;
    const written = account.messages.length;
    const event = kfMessageXml(corp.app, openKfId, this.site.giveSyncToken(account), nowS());
    for (let number = 1; number <= ATTEMPTS && !this.#closing.signal.aborted; number++) {
      const startedMs = performance.now();
      if (await this.#attempt(account, event)) {
        this.#told.set(account, Math.max(this.#told.get(account) ?? 0, written));
        return;
      }
      const leftMs = startedMs + CUT_MS - performance.now();
      if (number < ATTEMPTS)
        await sleep(Math.max(0, leftMs), null, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  async #attempt({ corp }: KfAccount, event: string): Promise<boolean> {
    const { query, body } = sealCallback(corp.app, event);
    this.sent++;
    const outcome = await exchange(
      {
        url: withQuery(new URL(`${this.nextUrl()}/callback/${corp.app.corpId}`), query),
        method: 'POST',
        headers: { 'Content-Type': 'text/xml' },
        body,
        timeoutMs: CUT_MS,
      },
      SYSTEM_CLOCK,
      this.#closing.signal,
    );
    const isAccepted = outcome.kind === 'answered' && outcome.status === 200;
    if (isAccepted) this.accepted++;
    return isAccepted;
  }
}
