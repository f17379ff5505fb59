import type { Addressee } from '../../kernel/account.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { isOfCursor, parseObject } from '../client/wecom-answer.js';
import type { CallerAnswer } from './caller-answer.js';
import { type ProxyBody, rewritten } from './proxy-body.js';
import { MADE_CURSOR, type OwnPull, type QueuedAnswer, type QueuedMessages } from './queued-messages.js';
import { readSyncHead, SYNC_HEAD_BYTES } from './sync-answer.js';

/** A `kf/sync_msg` of a bot: with which cursor WeCom is asked, and how far the program has pulled then. */
export class BotPull {
  /** `null` before `begin`. */
  #pull: Omit<OwnPull, 'cursor' | 'isAll'> | null = null;
  #openKfId = '';
  /** Whether the manager added the cursor. */
  #isGiven = false;

  constructor(
    private readonly bot: KnownBot,
    private readonly queued: QueuedMessages,
    private readonly storeClock: StoreClock,
  ) {}

  /** The account that is pulled; `''` before `begin`, and when there is none. */
  get openKfId(): string {
    return this.#openKfId;
  }

  /** Answers in WeCom's place. @throws AppError `STORE_UNAVAILABLE` */
  answer(openKfId: string | null, cursor: string): Promise<QueuedAnswer> {
    return this.queued.answer(this.bot, openKfId, cursor);
  }

  /**
   * The body for WeCom. A pull that has no cursor gets the one at which the bot before ended. So does a pull with a cursor that
   * the manager made: the program has that one from when its bot took messages.
   * @param appId the app of the access token; `null` when unknown.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async begin(admitted: ProxyBody, whole: Buffer, appId: string | null): Promise<ProxyBody> {
    const { cursor: sent, ...others } = parseObject(whole.toString('utf8')) ?? {};
    const { open_kfid: openKfId } = others;
    const isMade = typeof sent === 'string' && sent.startsWith(MADE_CURSOR);
    const isOwn = !isMade && sent !== undefined && sent !== null && sent !== '';
    const isKnown = typeof openKfId === 'string' && appId !== null;
    const beganAtMs = this.storeClock.nowMs();
    const given = isOwn || !isKnown ? '' : await this.#findCursor(openKfId, appId, isMade);
    const from = isOwn ? sent : given;
    if (isKnown && typeof from === 'string') {
      this.#pull = { appId, takerId: this.bot.id, beganAtMs, from };
      this.#openKfId = openKfId;
      this.#isGiven = given !== '';
    }
    if (given !== '') return rewritten({ ...others, cursor: given });
    return isMade ? rewritten(others) : admitted;
  }

  /**
   * Notes how far the program has pulled, by the cursor in the answer, once the whole answer was sent. Call it after `begin` and
   * before the answer begins.
   * @param whenUnread calls its argument when the program cannot have read the answer.
   */
  watch(answer: CallerAnswer, whenUnread: (then: () => void) => void): void {
    const pull = this.#pull;
    if (pull === null) return;
    answer.whenSent(SYNC_HEAD_BYTES, (head, bytes) => {
      const read = readSyncHead(head, bytes);
      if (read === null) return;
      const pulled = { ...pull, ...read };
      this.queued.wasPulled(this.#account, pulled);
      whenUnread(() => this.queued.wasUnread(this.#account, pulled));
    });
  }

  /** Forgets the cursor that the manager added when WeCom does not know it any more. */
  answered(errcode: number | null): void {
    if (this.#pull === null || !this.#isGiven || errcode === null || !isOfCursor(errcode)) return;
    this.queued.wasPulled(this.#account, { ...this.#pull, from: '', cursor: '', isAll: false });
  }

  get #account(): Addressee {
    return { corpId: this.bot.corpId, openKfId: this.#openKfId };
  }

  /** @param isNeeded whether to fail when the store fails. Without a cursor, a pull still works as without the manager. */
  async #findCursor(openKfId: string, appId: string, isNeeded: boolean): Promise<string> {
    try {
      return await this.queued.findCursor({ corpId: this.bot.corpId, openKfId }, appId);
    } catch (error) {
      if (isNeeded) throw error;
      return '';
    }
  }
}
