import { SealError, type Sealer } from '../../crypto/sealer.js';
import type { Failure } from '../../dispatch/outbox/hint.js';
import { AppError } from '../../kernel/app-error.js';
import type { Log } from '../../kernel/log.js';
import type { Message, MessageHead, MessageOrder } from '../../messages/message.js';
import {
  type CursorBefore,
  type DeadMessage,
  type KeptPage,
  type MessageCounts,
  type MessageFilter,
  type MessagePage,
  MessageStore,
  type PulledPage,
  type PullLease,
  type RefusedMessage,
  type Turn,
  type UnderWay,
} from '../../messages/message-store.js';
import type { Addressee } from '../../registry/destination.js';
import type { OwnPull } from '../../wecom/proxy/queued-messages.js';
import { openContent, sealContent } from './message-content.js';

/**
 * Seals what messages say before an adapter stores it, and opens it afterwards. Without a key nothing is kept: what
 * customers write is never stored in the clear. What cannot be opened stays, and waits for its key.
 */
export class SealedMessageStore extends MessageStore {
  override readonly isShared: boolean;
  /** The keys of which it was said that something sealed with them cannot be opened. */
  readonly #said = new Set<string>();

  constructor(
    private readonly inner: MessageStore,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {
    super();
    this.isShared = inner.isShared;
  }

  override beginPull(
    account: Addressee,
    appId: string,
    nowMs: number,
    leaseMs: number,
  ): Promise<PullLease | null> {
    return this.inner.beginPull(account, appId, nowMs, leaseMs);
  }

  /** @throws AppError `STORE_UNAVAILABLE` while `SECRETS_KEY` is not set. */
  override async keep(
    account: Addressee,
    leaseId: string,
    page: PulledPage,
    nowMs: number,
    leaseMs: number,
  ): Promise<KeptPage | null> {
    if (!this.sealer.hasKeys) {
      throw new AppError('STORE_UNAVAILABLE', { internal: { what: 'messages without SECRETS_KEY' } });
    }
    const messages = page.messages.map((message) => sealContent(message, account, this.sealer));
    return this.inner.keep(account, leaseId, { ...page, messages }, nowMs, leaseMs);
  }

  override endPull(account: Addressee, leaseId: string): Promise<void> {
    return this.inner.endPull(account, leaseId);
  }

  override findCursor(account: Addressee, appId: string): Promise<string> {
    return this.inner.findCursor(account, appId);
  }

  override moveCursor(account: Addressee, pull: OwnPull, nowMs: number): Promise<void> {
    return this.inner.moveCursor(account, pull, nowMs);
  }

  override goBack(account: Addressee, sinceMs: number, untilMs: number): Promise<void> {
    return this.inner.goBack(account, sinceMs, untilMs);
  }

  override cover(account: Addressee, untilMs: number, takerId: string | null): Promise<void> {
    return this.inner.cover(account, untilMs, takerId);
  }

  override beginAt(account: Addressee, fromMs: number): Promise<void> {
    return this.inner.beginAt(account, fromMs);
  }

  override pulledAtMs(account: Addressee): Promise<number> {
    return this.inner.pulledAtMs(account);
  }

  override listAccounts(): Promise<readonly Addressee[]> {
    return this.inner.listAccounts();
  }

  override claimDue(
    nowMs: number,
    limit: number,
    leaseMs: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly Turn[]> {
    return this.inner.claimDue(nowMs, limit, leaseMs, exceptEndpoints);
  }

  override claimOldest(endpoint: string, nowMs: number, leaseMs: number): Promise<Turn | null> {
    return this.inner.claimOldest(endpoint, nowMs, leaseMs);
  }

  override nextClaimableAtMs(exceptEndpoints: ReadonlySet<string>): number | null {
    return this.inner.nextClaimableAtMs(exceptEndpoints);
  }

  override renew(turn: Turn, nowMs: number, leaseMs: number): Promise<boolean> {
    return this.inner.renew(turn, nowMs, leaseMs);
  }

  /** @throws AppError `STORE_UNAVAILABLE` when the key of the message is missing here; also `findUnderWay`. */
  override async next(
    turn: Turn,
    order: MessageOrder,
    nowMs: number,
    isProbe: boolean,
  ): Promise<Message | null> {
    const message = await this.inner.next(turn, order, nowMs, isProbe);
    return message === null ? null : this.#open(message);
  }

  override release(turn: Turn, endpoint: string | null, order: MessageOrder, nowMs: number): Promise<void> {
    return this.inner.release(turn, endpoint, order, nowMs);
  }

  override taken(turn: Turn, msgid: string, nowMs: number): Promise<void> {
    return this.inner.taken(turn, msgid, nowMs);
  }

  override refused(turn: Turn, msgid: string, refused: RefusedMessage, nowMs: number): Promise<void> {
    return this.inner.refused(turn, msgid, refused, nowMs);
  }

  override bury(turn: Turn, msgid: string, dead: DeadMessage, nowMs: number): Promise<boolean> {
    return this.inner.bury(turn, msgid, dead, nowMs);
  }

  override begin(turn: Turn, underWay: UnderWay): Promise<boolean> {
    return this.inner.begin(turn, underWay);
  }

  override async findUnderWay(
    account: Addressee,
  ): Promise<{ readonly underWay: UnderWay; readonly message: Message } | null> {
    const found = await this.inner.findUnderWay(account);
    return found === null ? null : { ...found, message: this.#open(found.message) };
  }

  override note(
    account: Addressee,
    of: Pick<UnderWay, 'msgid' | 'attempt'>,
    half: 'answered' | 'pulled',
    nowMs: number,
  ): Promise<'taken' | 'half' | 'gone'> {
    return this.inner.note(account, of, half, nowMs);
  }

  override putBack(message: Message, attempt: number, nowMs: number): Promise<boolean> {
    return this.inner.putBack(sealContent(message, message, this.sealer), attempt, nowMs);
  }

  override endUnderWay(turn: Turn): Promise<void> {
    return this.inner.endUnderWay(turn);
  }

  override wake(account: Addressee, endpoint: string, nowMs: number): Promise<void> {
    return this.inner.wake(account, endpoint, nowMs);
  }

  override wakeEndpoint(endpoint: string, nowMs: number): Promise<void> {
    return this.inner.wakeEndpoint(endpoint, nowMs);
  }

  override listEndpoints(): Promise<readonly string[]> {
    return this.inner.listEndpoints();
  }

  override listWaiting(
    afterKey: string,
    limit: number,
  ): Promise<readonly (Addressee & { readonly endpoint: string | null; readonly waiting: number })[]> {
    return this.inner.listWaiting(afterKey, limit);
  }

  override handOver(turn: Turn, nowMs: number, before: CursorBefore | null): Promise<number> {
    return this.inner.handOver(turn, nowMs, before);
  }

  override discard(turn: Turn, nowMs: number): Promise<number> {
    return this.inner.discard(turn, nowMs);
  }

  override list(filter: MessageFilter, cursor: string | null, limit: number): Promise<MessagePage> {
    return this.inner.list(filter, cursor, limit);
  }

  override revive(account: Addressee, msgid: string, nowMs: number): Promise<boolean> {
    return this.inner.revive(account, msgid, nowMs);
  }

  override drop(account: Addressee, msgid: string): Promise<boolean> {
    return this.inner.drop(account, msgid);
  }

  override counts(account: Addressee | null): Promise<MessageCounts> {
    return this.inner.counts(account);
  }

  override expire(failure: Failure): Promise<readonly MessageHead[]> {
    return this.inner.expire(failure);
  }

  override sweep(nowMs: number): Promise<void> {
    return this.inner.sweep(nowMs);
  }

  #open(message: Message): Message {
    try {
      return openContent(message, this.sealer);
    } catch (cause) {
      if (!(cause instanceof SealError)) throw cause;
      this.#sayClosed(message, cause);
      throw new AppError('STORE_UNAVAILABLE', { cause, internal: { what: 'open message' } });
    }
  }

  /** Once for each key: a backlog may have thousands of messages. */
  #sayClosed({ openKfId, corpId }: Message, { keyId, isKeyUnknown }: SealError): void {
    if (this.#said.has(keyId)) return;
    this.#said.add(keyId);
    const reason = isKeyUnknown
      ? 'SECRETS_KEY does not have the key of a message; add it, or drop the message'
      : 'a message was changed or moved by someone else; drop it';
    this.log.error({ openKfId, corpId, keyId, reason }, 'secrets.cannot_open');
  }
}
