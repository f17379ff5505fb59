/** What customers write to one kf account, as `kf/sync_msg` of the simulated WeCom gives it, and what they are sent. */
import { randomUUID } from 'node:crypto';
import { ok, sendAnswer } from '../../packages/simulator/api/answers.js';
import { nowS } from './wecom.js';
import type { Behaviour } from './wecom-faults.js';

interface Message {
  readonly msgid: string;
  readonly content: string;
  /** Epoch seconds. */
  readonly sendTimeS: number;
}

export interface Sent {
  readonly touser: string;
  readonly open_kfid: string;
  readonly msgid: string;
  readonly text: { readonly content: string };
}

export class Conversation {
  readonly sent: Sent[] = [];
  /** Of each call, in turn. */
  readonly cursors: string[] = [];
  readonly #messages: Message[] = [];
  #waiting: { readonly content: string; readonly resolve: (sent: Sent) => void }[] = [];

  constructor(readonly openKfId: string) {}

  /** @returns The msgid. */
  say(content: string, { msgid = randomUUID(), sendTimeS = nowS() }: Partial<Message> = {}): string {
    this.#messages.push({ msgid, content, sendTimeS });
    return msgid;
  }

  /** Resolves when a reply with that text is sent. */
  next(content: string): Promise<Sent> {
    return new Promise((resolve) => void this.#waiting.push({ content, resolve }));
  }

  /** For `kf/sync_msg`: one message a page, so that all of its callers have to turn pages. */
  readonly syncMsg: Behaviour = ({ call, response }) => {
    const { cursor = '', open_kfid } = JSON.parse(call.text ?? '');
    this.cursors.push(cursor);
    const at = Number(cursor);
    const isOurs = open_kfid === this.openKfId;
    sendAnswer(
      response,
      ok({
        next_cursor: String(Math.min(at + 1, this.#messages.length)),
        has_more: at + 1 < this.#messages.length ? 1 : 0,
        msg_list: (isOurs ? this.#messages.slice(at, at + 1) : []).map((message) => this.#toWire(message)),
      }),
    );
  };

  /** For `kf/send_msg`. */
  readonly sendMsg: Behaviour = ({ call, response }) => {
    const sent: Sent = JSON.parse(call.text ?? '');
    this.sent.push(sent);
    sendAnswer(response, ok({ msgid: sent.msgid }));
    const isFor = ({ content }: { readonly content: string }) => content === sent.text.content;
    for (const { resolve } of this.#waiting.filter(isFor)) resolve(sent);
    this.#waiting = this.#waiting.filter((waiting) => !isFor(waiting));
  };

  #toWire({ msgid, content, sendTimeS }: Message) {
    return {
      msgid,
      open_kfid: this.openKfId,
      external_userid: 'wmCustomer',
      send_time: sendTimeS,
      origin: 3,
      msgtype: 'text',
      text: { content },
    };
  }
}
