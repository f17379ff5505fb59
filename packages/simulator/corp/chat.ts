/** What a person sees of the conversations: bubbles. Only what is shown; the API never reads it. */

export interface ChatMessage {
  readonly msgid: string;
  readonly openKfId: string;
  readonly externalUserId: string;
  readonly from: 'customer' | 'bot' | 'servicer' | 'system';
  /** Of a servicer's message. */
  readonly servicerUserid?: string;
  readonly atMs: number;
  readonly msgtype: string;
  /** What stands under `msgtype` in the message, for instance `{ content }`; of an event its fields. */
  readonly body: Readonly<Record<string, unknown>>;
  isRecalled?: boolean;
}

const KEPT = 500;

export class Chat {
  /** The newest ones. */
  readonly messages: ChatMessage[] = [];
  onMessage: (message: ChatMessage) => void = () => {};
  readonly #waiting: ((reply: ChatMessage) => void)[] = [];

  add(message: ChatMessage): void {
    this.messages.push(message);
    if (this.messages.length > KEPT) this.messages.shift();
    this.onMessage(message);
    if (message.from === 'bot') for (const resolve of this.#waiting.splice(0)) resolve(message);
  }

  find(msgid: string): ChatMessage | undefined {
    return this.messages.find((message) => message.msgid === msgid);
  }

  /** The next message that a bot sends from now on. */
  nextReply(): Promise<ChatMessage> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }
}
