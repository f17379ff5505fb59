/**
 * The simulated corp: its customers, servicers, conversations and files, in memory. People act through it (a customer
 * writes, a servicer takes over); what the API does to it stands in `api/`. It calls nobody: it tells `onNews` when
 * sync_msg has something new of an account, and `onChange` when there is something to show.
 */
import type { Clock } from '../clock.js';
import { Refused } from '../api/answers.js';
import { randomText } from '../random-text.js';
import { Chat, type ChatMessage } from './chat.js';
import { Conversation } from './conversation.js';
import { EventCodes } from './event-codes.js';
import { type CorpIdentity, type Customer, newCustomer } from './identity.js';
import { Journal, type Origin, type SyncMessage } from './journal.js';
import { MediaStore } from './media-store.js';
import type { Act } from './session.js';
import { Servicers, type ServicerStatus } from './servicers.js';

/** fail_type of msg_send_fail (94670): the customer does not take it. */
const FAIL_REFUSED = 10;

export type Body = Readonly<Record<string, unknown>>;

export class Corp {
  readonly chat = new Chat();
  readonly codes = new EventCodes();
  readonly media = new MediaStore();
  readonly servicers: Servicers;
  /** The welcome that the admin page has for an account (欢迎语): WeCom sends it itself. By account; `''` is none. */
  readonly nativeWelcomes = new Map<string, string>();
  onNews: (openKfId: string, msgid: string) => void = () => {};
  onChange: () => void = () => {};
  readonly #customers = new Map<string, Customer>();
  readonly #conversations = new Map<string, Conversation>();
  readonly #journals = new Map<string, Journal>();
  /** Of messages that were sent, by account. */
  readonly #usedMsgids = new Set<string>();
  /** Entries that come later; `null` while they come at once. */
  #heldBack: (() => void)[] | null = null;

  constructor(
    readonly identity: CorpIdentity,
    private readonly clock: Clock,
    customers: readonly string[],
  ) {
    const openKfIds = identity.accounts.map(({ openKfId }) => openKfId);
    this.servicers = new Servicers(openKfIds);
    for (const openKfId of openKfIds) this.#journals.set(openKfId, new Journal(clock.nowMs()));
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

  /** As an admin does it in 微信客服: WeCom neither lists nor knows it any more. */
  deleteAccount(openKfId: string): void {
    const { identity } = this;
    identity.accounts = identity.accounts.filter((account) => account.openKfId !== openKfId);
    this.#journals.delete(openKfId);
    this.onChange();
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

  /**
   * What somebody does to a session; sync_msg tells of it where WeCom tells of it.
   * @returns the code for a text that may follow, `null` where none comes.
   * @throws Refused when that cannot be done now, or the servicer may not; nothing has changed.
   */
  act(conversation: Conversation, act: Act): string | null {
    this.#requireServicer(conversation.openKfId, act);
    const { codeFor, change } = conversation.act(act, this.nowMs);
    const code = codeFor === undefined ? null : this.codes.give(codeFor, conversation, this.nowMs);
    if (change !== undefined)
      this.#tellOf(conversation, 'session_status_change', {
        ...change,
        ...(code !== null && { msg_code: code }),
      });
    this.onChange();
    return code;
  }

  /** A customer opens the conversation, before they have written anything. A native welcome leaves no code for a bot's. */
  enter(openKfId: string, externalUserId: string, scene = '', sceneParam = ''): void {
    const conversation = this.conversation(openKfId, externalUserId);
    const code = this.act(conversation, { type: 'customerEnters', scene, sceneParam });
    const content = this.nativeWelcomes.get(openKfId) ?? '';
    const isNative = code !== null && content !== '';
    const welcome = code === null || isNative ? {} : { welcome_code: code };
    this.#tellOf(conversation, 'enter_session', { scene, scene_param: sceneParam, ...welcome });
    if (!isNative) return;
    this.codes.use(code);
    this.act(conversation, { type: 'welcome' });
    this.#show(conversation, 'system', randomText(44), 'text', { content });
  }

  /** A customer writes. @returns the msgid. */
  write(openKfId: string, externalUserId: string, msgtype: string, body: Body): string {
    const conversation = this.conversation(openKfId, externalUserId);
    this.act(conversation, { type: 'customerWrites' });
    return this.#post(conversation, 3, msgtype, body);
  }

  /** A servicer writes in WeCom's own client. @returns the msgid. @throws Refused when somebody else has the customer. */
  servicerWrites(conversation: Conversation, servicerUserid: string, content: string): string {
    this.act(conversation, { type: 'servicerWrites', servicerUserid });
    return this.#post(conversation, 5, 'text', { content }, servicerUserid);
  }

  /** A customer or a servicer takes back what they wrote. @throws Refused when neither wrote it. */
  recall(msgid: string): void {
    const message = this.chat.find(msgid);
    if (message?.from !== 'customer' && message?.from !== 'servicer')
      throw new Refused(40058, 'no such message of a customer or a servicer');
    if (message.isRecalled) return;
    message.isRecalled = true;
    const conversation = this.conversation(message.openKfId, message.externalUserId);
    const { servicerUserid: servicer_userid } = message;
    if (servicer_userid === undefined) this.#tellOf(conversation, 'user_recall_msg', { recall_msgid: msgid });
    else this.#tellOf(conversation, 'servicer_recall_msg', { recall_msgid: msgid, servicer_userid });
  }

  /** A servicer begins or stops to serve an account. @throws Refused for somebody who does not serve it at all. */
  setServicerStatus(openKfId: string, userid: string, status: ServicerStatus): void {
    this.journalOf(openKfId);
    if (!this.servicers.setStatus(openKfId, userid, status)) return;
    this.#append(openKfId, {
      event_type: 'servicer_status_change',
      servicer_userid: userid,
      status: status === 'serving' ? 1 : 2,
      ...(status !== 'serving' && { stop_type: status === 'suspended' ? 1 : 0 }),
      open_kfid: openKfId,
    });
    this.onChange();
  }

  /** What a bot sent. A customer who refuses it, and one whose next message is to fail, makes an event of that. */
  deliver(conversation: Conversation, msgid: string, msgtype: string, body: Body): void {
    this.#usedMsgids.add(`${conversation.openKfId}\n${msgid}`);
    const isRefusing = this.findCustomer(conversation.externalUserId)?.isRefusing === true;
    const fail_type = isRefusing ? FAIL_REFUSED : conversation.failsNextAs;
    conversation.failsNextAs = null;
    if (fail_type === null) this.#show(conversation, 'bot', msgid, msgtype, body);
    else this.#tellOf(conversation, 'msg_send_fail', { fail_msgid: msgid, fail_type });
  }

  /**
   * WeCom gives some entries late, behind others that were sent after them.
   * @param run what is done at once. What sync_msg tells of it comes with the call of what is returned.
   */
  late(run: () => void): () => void {
    const heldBack: (() => void)[] = [];
    this.#heldBack = heldBack;
    run();
    this.#heldBack = null;
    return () => heldBack.forEach((tell) => tell());
  }

  /** Whether a bot has sent a message of that id for the account. */
  isUsed(openKfId: string, msgid: string): boolean {
    return this.#usedMsgids.has(`${openKfId}\n${msgid}`);
  }

  /** Those who are given a customer have to be at work; the others have to be servicers of the account. */
  #requireServicer(openKfId: string, act: Act): void {
    if (!('servicerUserid' in act) || act.servicerUserid === null) return;
    if (act.type === 'servicerWrites' || act.type === 'end')
      this.servicers.require(openKfId, act.servicerUserid);
    else this.servicers.requireServing(openKfId, act.servicerUserid);
  }

  /** An event of one customer. */
  #tellOf(conversation: Conversation, eventType: string, fields: Body): void {
    const { openKfId, externalUserId } = conversation;
    const event = { event_type: eventType, open_kfid: openKfId, external_userid: externalUserId, ...fields };
    this.#show(conversation, 'system', this.#append(openKfId, event), 'event', event);
  }

  /** An event that sync_msg gives. @returns its msgid. */
  #append(openKfId: string, event: Body): string {
    const msgid = randomText(44);
    const message = { msgid, send_time: this.#nowS(), origin: 4 as const, msgtype: 'event', event };
    this.#tell(openKfId, message);
    return msgid;
  }

  #tell(openKfId: string, message: SyncMessage): void {
    const tell = (): void => {
      this.journalOf(openKfId).append(message, this.nowMs);
      this.onNews(openKfId, message.msgid);
    };
    if (this.#heldBack === null) tell();
    else this.#heldBack.push(tell);
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
    this.#show(
      conversation,
      servicer === undefined ? 'customer' : 'servicer',
      msgid,
      msgtype,
      body,
      servicer,
    );
    this.#tell(openKfId, message);
    return msgid;
  }

  #show(
    conversation: Conversation,
    from: ChatMessage['from'],
    msgid: string,
    msgtype: string,
    body: Body,
    servicerUserid?: string,
  ): void {
    const { openKfId, externalUserId } = conversation;
    const by = servicerUserid === undefined ? {} : { servicerUserid };
    this.chat.add({ msgid, openKfId, externalUserId, from, atMs: this.nowMs, msgtype, body, ...by });
    this.onChange();
  }

  #nowS(): number {
    return Math.floor(this.nowMs / 1_000);
  }
}
