import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../kernel/log.js';
import type { Addressee } from '../kernel/account.js';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { KnownBot } from '../registry/bots/known-bots.js';
import { type FollowedCall, SessionCalls } from '../wecom/calls/session-calls.js';
import { isCounted, refusedSend, reservedSend, unsentSend, withAnswer } from './machine.js';
import { readState } from './service-calls.js';
import { SessionStore } from './session-store.js';
import { isSharing } from './text-sender.js';
import { CUSTOMER, sendsLeft, type Session } from './session.js';

type Fields = Readonly<Record<string, unknown>>;

/** How long a message waits for the store. A longer wait costs the customer more than the count is worth. */
const STORE_MS = 300;
/** As WeCom takes it (path/94677). One of another form is refused. */
const MSGID = /^[\w-]{1,32}$/;
const FOLLOWED = ['kf/send_msg', 'kf/service_state/get', 'kf/service_state/trans'];

/** Learns from the calls of bots who has a customer, and how many messages may still be sent. */
@Injectable()
export class FollowedCalls extends SessionCalls {
  constructor(
    private readonly store: SessionStore,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    super();
  }

  override async begin(bot: KnownBot, api: string, body: Fields): Promise<FollowedCall | null> {
    if (!FOLLOWED.includes(api) || !isSharing(bot)) return null;
    const { open_kfid: openKfId } = body;
    const customer = api === 'kf/send_msg' ? body.touser : body.external_userid;
    if (typeof openKfId !== 'string' || typeof customer !== 'string' || !CUSTOMER.test(customer)) return null;
    const account = { corpId: bot.corpId, openKfId };
    return api === 'kf/send_msg'
      ? this.#followSend(account, customer, toMsgid(body.msgid))
      : this.#followState(account, customer, body);
  }

  /** The message counts before it is sent, so that several at once are counted right. */
  async #followSend(account: Addressee, customer: string, msgid: string | null): Promise<FollowedCall> {
    let isRepeated = false;
    const reserving = this.#change(account, customer, (session) => {
      isRepeated = isCounted(session, msgid);
      return reservedSend(session, msgid);
    });
    const reserved = (await this.clock.within(STORE_MS, reserving)) ? await reserving : null;
    // Whether the first one was sent is not known, or it was.
    const takeBack = (session: Session) => (isRepeated ? session : unsentSend(session, msgid));
    /** What was never reserved is not taken back. */
    const changeReserved = async (step: (session: Session) => Session): Promise<void> => {
      if ((await reserving) !== null) await this.#change(account, customer, step);
    };
    return {
      answered: (errcode) => {
        if (errcode === 0 || errcode === null) return reserved && sendsLeft(reserved);
        const refused = (session: Session) => refusedSend(takeBack(session), errcode);
        void changeReserved(refused);
        return reserved && sendsLeft(refused(reserved));
      },
      notSent: () => void changeReserved(takeBack),
      read: () => {},
    };
  }

  #followState(account: Addressee, customer: string, body: Fields): FollowedCall {
    const askedAtMs = this.storeClock.nowMs();
    return {
      answered: () => null,
      notSent: () => {},
      read: (answer) => {
        // The answer to a transfer tells no state: it is the one that was asked for.
        const state = answer.errcode === 0 ? readState({ ...body, ...answer }) : null;
        if (state === null) return;
        void this.#change(account, customer, (session) =>
          withAnswer(session, state, askedAtMs, this.storeClock.nowMs()),
        );
      },
    };
  }

  /** @returns `null` where the store is away: then nothing is learnt. */
  async #change(
    account: Addressee,
    customer: string,
    step: (session: Session) => Session,
  ): Promise<Session | null> {
    try {
      return await this.store.change(account, customer, step);
    } catch (err) {
      this.log.debug({ ...account, err }, 'session.call_unnoted');
      return null;
    }
  }
}

function toMsgid(told: unknown): string | null {
  return typeof told === 'string' && MSGID.test(told) ? told : null;
}
