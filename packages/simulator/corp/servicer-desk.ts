/** What a servicer (接待人员) does in WeCom's own client: takes a waiting customer, writes, ends the session. */
import { Refused } from '../api/answers.js';
import type { Conversation } from './conversation.js';
import type { Corp } from './corp.js';

/** change_type of session_status_change (94670). */
const CHANGE = { taken: 1, handedOver: 2, ended: 3, reopened: 4 } as const;

export class ServicerDesk {
  constructor(private readonly corp: Corp) {}

  /** From the queue, from the bot, or from a colleague. */
  take(conversation: Conversation, servicerUserid: string): void {
    const { nowMs } = this.corp;
    const state = conversation.state(nowMs);
    if (state === 4) throw new Refused(95013);
    const change =
      state === 3
        ? { change_type: CHANGE.handedOver, old_servicer_userid: conversation.servicerUserid }
        : { change_type: CHANGE.taken, msg_code: this.corp.codes.give('taken', conversation, nowMs) };
    conversation.moveTo(3, servicerUserid);
    this.#tell(conversation, { ...change, new_servicer_userid: servicerUserid });
  }

  /** In an ended session this takes it up again. */
  write(conversation: Conversation, servicerUserid: string, content: string): void {
    const { nowMs } = this.corp;
    const state = conversation.state(nowMs);
    if (state !== 4 && state !== 3) throw new Refused(95018);
    if (state === 4) {
      conversation.reopen(servicerUserid, nowMs);
      this.#tell(conversation, { change_type: CHANGE.reopened, new_servicer_userid: servicerUserid });
    }
    this.corp.servicerWrites(conversation, servicerUserid, content);
  }

  end(conversation: Conversation): void {
    const { nowMs } = this.corp;
    if (conversation.state(nowMs) !== 3) throw new Refused(95016);
    const old_servicer_userid = conversation.servicerUserid;
    conversation.moveTo(4);
    const msg_code = this.corp.codes.give('ended', conversation, nowMs);
    this.#tell(conversation, { change_type: CHANGE.ended, old_servicer_userid, msg_code });
  }

  #tell(conversation: Conversation, change: Readonly<Record<string, unknown>>): void {
    this.corp.tell(conversation, 'session_status_change', change);
  }
}
