import { Injectable } from '@nestjs/common';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import type { Addressee } from '../../kernel/account.js';
import { Clock, type Timer } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { type MessageHead, type NewMessage, webhookIdOf } from '../../queue/message.js';
import { ORIGIN } from '../../kernel/wecom-format.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import { MessageQueue } from '../../queue/message-queue.js';
import { toParcel } from './message-parcel.js';

const PAGE_SIZE = 1_000;
/** How often it is tried while WeCom or the store cannot be asked, and for how long. */
const AGAIN_MS = 5_000;
const TRIED_MS = 60_000;

/**
 * Has customers of agents told that their answer takes long, whatever their message waits for: its turn, the service, or the circuit
 * of the service. The process that has pulled a message looks after it, and each that sends it.
 */
@Injectable()
export class LongWaits {
  /** By the webhook id of the message. */
  readonly #timers = new Map<string, Timer>();
  #hasFoundAll = false;

  constructor(
    private readonly queue: MessageQueue,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    pulled: PulledMessages,
  ) {
    pulled.listen(({ account, bot, messages }) => {
      for (const message of messages) this.begin(account, bot, message);
    });
  }

  /** The message waits for this bot. */
  begin(
    { corpId, openKfId }: Addressee,
    bot: KnownBot,
    { msgid, origin, sentAtMs }: Pick<NewMessage, 'msgid' | 'origin' | 'sentAtMs'>,
  ): void {
    if (bot.kind !== 'agent' || bot.agent.fallback === '' || origin !== ORIGIN.customer) return;
    const id = webhookIdOf({ corpId, openKfId, msgid });
    if (this.#timers.has(id)) return;
    const leftMs = Math.max(0, sentAtMs + bot.agent.fallbackAfterS * 1_000 - this.storeClock.nowMs());
    this.#tellAfter(leftMs, { corpId, openKfId }, id, TRIED_MS);
  }

  /** The message was taken. */
  end({ corpId, openKfId, msgid, merged = [msgid] }: MessageHead): void {
    for (const one of merged) {
      const id = webhookIdOf({ corpId, openKfId, msgid: one });
      this.#timers.get(id)?.cancel();
      this.#timers.delete(id);
    }
  }

  /** Begins with what an earlier process has kept; once. @throws AppError `STORE_UNAVAILABLE`; then call it again. */
  async findAll(): Promise<void> {
    if (this.#hasFoundAll) return;
    for await (const account of this.queue.listAccounts()) {
      const bot = this.destinations.findForMessages(account)?.bot ?? null;
      if (bot?.kind === 'agent') await this.#beginAll(account, bot);
    }
    this.#hasFoundAll = true;
  }

  async #beginAll({ corpId, openKfId }: Addressee, bot: KnownBot): Promise<void> {
    const states = ['waiting'] as const;
    for (let cursor: string | null = null; ;) {
      const page = await this.queue.list({ states, corpId, openKfId }, cursor, PAGE_SIZE);
      for (const message of page.messages) this.begin(message, bot, message);
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  /** @param leftMs for how long it is tried again after that. */
  #tellAfter(afterMs: number, account: Addressee, id: string, leftMs: number): void {
    const tell = async (): Promise<void> => {
      // While the store is away, it cannot be asked whether the message still waits.
      const isDone = await this.#tell(account, id).catch(() => false);
      // Meanwhile the message may have been taken.
      if (this.#timers.get(id) !== timer) return;
      this.#timers.delete(id);
      if (!isDone && leftMs > 0) this.#tellAfter(AGAIN_MS, account, id, leftMs - AGAIN_MS);
    };
    const timer = this.clock.after(afterMs, () => void tell());
    this.#timers.set(id, timer);
  }

  /** @returns false where it may be tried again. */
  async #tell(account: Addressee, id: string): Promise<boolean> {
    const recipient = this.destinations.findForMessages(account);
    if (recipient?.state !== 'ready') return true;
    const message = await this.queue.find(id);
    if (message === null) return true;
    const parcel = toParcel(message, recipient.bot, message.attempts + 1, this.storeClock.nowMs());
    return this.botEndpoints.to(recipient).tellToWait(parcel);
  }
}
