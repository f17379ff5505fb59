/**
 * The simulated corp: its customers, conversations and files, in memory. People act through it (a customer writes,
 * a servicer takes over); what the API does to it stands in `api/`. It calls nobody: it tells `onNews` when
 * sync_msg has something new of an account, and `onChange` when there is something to show.
 */
import type { Clock } from '../clock.js';
import { Refused } from '../api/answers.js';
import { randomText } from '../random-text.js';
import { Chat, type ChatMessage } from './chat.js';
import { Conversation } from './conversation.js';
import { EventCodes } from './event-codes.js';
import { type CorpIdentity, type Customer, newCustomer } from './identity.js';
import { Journal, type Origin } from './journal.js';
import { MediaStore } from './media-store.js';

/** fail_type of msg_send_fail (94670): the customer does not take it. */
const FAIL_REFUSED = 10;

export type Body = Readonly<Record<string, unknown>>;

export class Corp {
  readonly chat = new Chat();
  readonly codes = new EventCodes();
  readonly media = new MediaStore();
  /** Members of the corp that may take over from a bot. All of them are at work. */
  readonly servicers: readonly string[] = ['zhangsan', 'lisi'];
  onNews: (openKfId: string, msgid: string) => void = () => {};
  onChange: () => void = () => {};
  readonly #customers = new Map<string, Customer>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #journals = new Map<string, Journal>();
  /** Of messages that were sent, by account. */
  readonly #usedMsgids = new Set<string>();

  constructor(
    readonly identity: CorpIdentity,
    private readonly clock: Clock,
    customers: readonly string[],
  ) {
    for (const { openKfId } of identity.accounts) this.#journals.set(openKfId, new Journal(clock.nowMs()));
    for (const nickname of customers) this.addCustomer(nickname);
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  get customers(): Customer[] {
    return [...this.#customers.values()];
  }

  get conversations(): Conversation[] {
    return [...this.#conversations.values()];
  }

  /** One of that name is there only once. */
  addCustomer(nickname: string): Customer {
    const customer = newCustomer(this.identity.corpId, nickname);
    const known = this.#customers.get(customer.externalUserId);
    if (known !== undefined) return known;
    this.#customers.set(customer.externalUserId, customer);
    this.onChange();
    return customer;
  }

  /** @throws Refused as WeCom does for an id that is none of its accounts. */
  journalOf(openKfId: string): Journal {
    const journal = this.#journals.get(openKfId);
    if (journal === undefined) throw new Refused(95000);
    return journal;
  }

  findCustomer(externalUserId: string): Customer | null {
    return this.#customers.get(externalUserId) ?? null;
  }

  /** @throws Refused as WeCom does for ids that it does not know. */
  conversation(openKfId: string, externalUserId: string): Conversation {
    this.journalOf(openKfId);
    if (!this.#customers.has(externalUserId)) throw new Refused(40096);
    const key = `${openKfId}\n${externalUserId}`;
    const known = this.#conversations.get(key) ?? new Conversation(openKfId, externalUserId);
    this.#conversations.set(key, known);
    return known;
  }

  /** A customer opens the conversation, before they have written anything. */
  enter(openKfId: string, externalUserId: string, scene = '', sceneParam = ''): void {
    const conversation = this.conversation(openKfId, externalUserId);
    const { nowMs } = this;
    const code = conversation.mayBeWelcomed(nowMs) && {
      welcome_code: this.codes.give('welcome', conversation, nowMs),
    };
    conversation.entered = { atMs: nowMs, scene, sceneParam };
    this.tell(conversation, 'enter_session', { scene, scene_param: sceneParam, ...code });
  }

  /** A customer writes. @returns the msgid. */
  write(openKfId: string, externalUserId: string, msgtype: string, body: Body): string {
    const conversation = this.conversation(openKfId, externalUserId);
    conversation.write(this.nowMs);
    return this.#post(conversation, 3, msgtype, body);
  }

  /** A customer takes back what they wrote. */
  recall(msgid: string): void {
    const message = this.chat.find(msgid);
    if (message?.from !== 'customer') throw new Refused(40058, 'no such message of a customer');
    message.isRecalled = true;
    const conversation = this.conversation(message.openKfId, message.externalUserId);
    this.tell(conversation, 'user_recall_msg', { recall_msgid: msgid });
  }

  /** A servicer writes in WeCom's own client. */
  servicerWrites(conversation: Conversation, servicerUserid: string, content: string): string {
    return this.#post(conversation, 5, 'text', { content }, servicerUserid);
  }

  /** An event that sync_msg gives. */
  tell(conversation: Conversation, eventType: string, fields: Body): void {
    const { openKfId, externalUserId } = conversation;
    const event = { event_type: eventType, open_kfid: openKfId, external_userid: externalUserId, ...fields };
    const msgid = randomText(44);
    const message = { msgid, send_time: this.#nowS(), origin: 4 as const, msgtype: 'event', event };
    this.journalOf(openKfId).append(message, this.nowMs);
    this.#show(conversation, 'system', msgid, 'event', event);
    this.onNews(openKfId, msgid);
  }

  /** What a bot sent. A customer who refuses it makes an event of that. */
  deliver(conversation: Conversation, msgid: string, msgtype: string, body: Body): void {
    this.#usedMsgids.add(`${conversation.openKfId}\n${msgid}`);
    if (this.findCustomer(conversation.externalUserId)?.isRefusing) {
      this.tell(conversation, 'msg_send_fail', { fail_msgid: msgid, fail_type: FAIL_REFUSED });
    } else {
      this.#show(conversation, 'bot', msgid, msgtype, body);
    }
  }

  /** Whether a bot has sent a message of that id for the account. */
  isUsed(openKfId: string, msgid: string): boolean {
    return this.#usedMsgids.has(`${openKfId}\n${msgid}`);
  }

  #post(conversation: Conversation, origin: Origin, msgtype: string, body: Body, servicer?: string): string {
    const { openKfId, externalUserId } = conversation;
    const msgid = randomText(44);
    const message = {
      msgid,
      open_kfid: openKfId,
      external_userid: externalUserId,
      send_time: this.#nowS(),
      origin,
      ...(servicer !== undefined && { servicer_userid: servicer }),
      msgtype,
      [msgtype]: body,
    };
    this.journalOf(openKfId).append(message, this.nowMs);
    this.#show(conversation, servicer === undefined ? 'customer' : 'servicer', msgid, msgtype, body);
    this.onNews(openKfId, msgid);
    return msgid;
  }

  #show(
    conversation: Conversation,
    from: ChatMessage['from'],
    msgid: string,
    msgtype: string,
    body: Body,
  ): void {
    const { openKfId, externalUserId } = conversation;
    this.chat.add({ msgid, openKfId, externalUserId, from, atMs: this.nowMs, msgtype, body });
    this.onChange();
  }

  #nowS(): number {
    return Math.floor(this.nowMs / 1_000);
  }
}
