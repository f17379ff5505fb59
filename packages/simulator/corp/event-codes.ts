/** The codes of send_msg_on_event (95122): each is good once, for a time, and for what it was given for. */
import { Refused } from '../api/answers.js';
import { randomText } from '../random-text.js';
import type { Conversation } from './conversation.js';
import type { Scene, ServiceState } from './session.js';

export interface EventCode {
  readonly conversation: Conversation;
  readonly scene: Scene;
  readonly msgtypes: readonly string[];
  readonly expiresAtMs: number;
}

const HOUR_MS = 3_600_000;

const RULES: Readonly<
  Record<
    Scene,
    { readonly lifeMs: number; readonly msgtypes: readonly string[]; readonly state: ServiceState | null }
  >
> = {
  welcome: { lifeMs: 20_000, msgtypes: ['text', 'msgmenu'], state: null },
  waiting: { lifeMs: 48 * HOUR_MS, msgtypes: ['text'], state: 2 },
  taken: { lifeMs: 48 * HOUR_MS, msgtypes: ['text'], state: 3 },
  ended: { lifeMs: 20_000, msgtypes: ['text', 'msgmenu'], state: 4 },
};

export class EventCodes {
  readonly #codes = new Map<string, EventCode>();

  give(scene: Scene, conversation: Conversation, nowMs: number): string {
    const { lifeMs, msgtypes } = RULES[scene];
    const code = randomText(43);
    this.#codes.set(code, { scene, conversation, msgtypes, expiresAtMs: nowMs + lifeMs });
    return code;
  }

  /** @throws Refused when the code is not good for that, or the session has moved on; it can then be tried again. */
  find(code: string, msgtype: string, nowMs: number): EventCode {
    const given = this.#codes.get(code);
    if (given === undefined || given.expiresAtMs <= nowMs) throw new Refused(95007);
    if (!given.msgtypes.includes(msgtype)) throw new Refused(40008);
    const { state } = RULES[given.scene];
    if (state !== null && given.conversation.session(nowMs).state !== state) throw new Refused(95018);
    return given;
  }

  use(code: string): void {
    this.#codes.delete(code);
  }
}
