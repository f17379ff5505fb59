/** Which customer with which kf account, and the present of their session. */
import { type Act, NEW_SESSION, type Session, sessionAt, step, type Step } from './session.js';

export class Conversation {
  /** fail_type of msg_send_fail (94670) for the next message that a bot sends; `null` lets it arrive. */
  failsNextAs: number | null = null;
  #session: Session = NEW_SESSION;

  constructor(
    readonly openKfId: string,
    readonly externalUserId: string,
  ) {}

  session(nowMs: number): Session {
    return sessionAt(this.#session, nowMs);
  }

  /** @throws Refused when that cannot be done now; nothing has changed. */
  act(act: Act, nowMs: number): Step {
    const done = step(this.#session, act, nowMs);
    this.#session = done.session;
    return done;
  }
}
