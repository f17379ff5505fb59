/** What is known of a customer's session with an account, and how it is kept. */
import { type Addressee, accountKey, customerKey } from '../kernel/account.js';
import { Secret } from '../kernel/secret.js';
import type { SessionOffer } from '../registry/bots/session.dto.js';
import type { RecordKind } from '../storage/records/record-kind.js';

/** WeCom ends a session after this time (developer.work.weixin.qq.com/document/path/94669). */
export const SESSION_MS = 48 * 3_600_000;
/** How many messages a customer may be sent until the next one of theirs (path/94677). */
export const SENDS_MAX = 5;

/** An `external_userid`. WeCom documents no length; ids in the field have 32 characters. */
export const CUSTOMER = /^[\x21-\x7e]{1,128}$/;

/** A state of `kf/service_state/get`. */
export const STATE = { new: 0, bot: 1, pool: 2, people: 3, over: 4 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

/** What became of an entry: it is the bot's, people answer it, or it moved the customer to people. */
export const VERDICTS = ['bot', 'people', 'handed_over'] as const;
export type EntryVerdict = (typeof VERDICTS)[number];

export interface RecentEntry {
  readonly id: string;
  readonly verdict: EntryVerdict;
}

export const TEXT_KINDS = ['welcome', 'waiting', 'ended', 'nobody', 'closed'] as const;
export type TextKind = (typeof TEXT_KINDS)[number];

/** A text or a menu that is decided and not sent yet. */
export interface SessionText {
  readonly kind: TextKind;
  readonly offer: SessionOffer;
  /** For `kf/send_msg_on_event`, good for one text; `null` for a text that goes by `kf/send_msg`. */
  readonly code: string | null;
  /** The same for the same cause, so that a repetition is no second message: the `msgid` of `kf/send_msg`. */
  readonly id: string;
  /** Of the event that it answers; `null` where it answers a message. */
  readonly webhookId: string | null;
  /** Store time. After this, it is not sent any more. */
  readonly untilMs: number;
  /** When it may be tried next; a process that sends it puts that off. Store time. */
  readonly dueAtMs: number;
  readonly tries: number;
}

export interface Session extends Addressee {
  /** The `external_userid`. */
  readonly customer: string;
  /** `null` where it is not known: then WeCom is asked with the customer's next message. */
  readonly state: State | null;
  /** Since when it has been so; store time. */
  readonly sinceMs: number;
  /**
   * Since when the customer waits for the first words of the person who has them; store time. Left out once these were read, and
   * while no person has the customer.
   */
  readonly waitsSinceMs?: number | undefined;
  /** When the state was last confirmed; store time. */
  readonly learntMs: number;
  /** See `sendsLeft`. Below 0 while more messages are sent than WeCom takes. */
  readonly left: number;
  /** The last `msgid`s of messages that `left` counts: WeCom sends each once, so a repetition is not counted again. */
  readonly counted?: readonly string[];
  /**
   * From when on what tells the state holds: when an entry was sent, or WeCom was asked. In whole seconds, as WeCom's times are.
   * Left out where nothing has told it.
   */
  readonly toldAtMs?: number;
  /** When the newest entry was sent, by WeCom's clock. */
  readonly lastAtMs: number;
  /** The newest entries, the newest last. */
  readonly seen: readonly RecentEntry[];
  /** The state may be another one: a hand-over was begun whose outcome is not known, or an older word came behind a newer one. */
  readonly isInDoubt: boolean;
  readonly texts: readonly SessionText[];
  /** Store time. Nothing of it counts later. */
  readonly expiresAtMs: number;
}

/** Who has a customer now. */
export const HOLDERS = ['bot', 'pool', 'people'] as const;
export type Holder = (typeof HOLDERS)[number];

export function holderOf({ state }: Pick<Session, 'state'>): Holder | null {
  if (state === STATE.pool) return 'pool';
  if (state === STATE.people) return 'people';
  return state === STATE.new || state === STATE.bot ? 'bot' : null;
}

/** Since when the customer waits for a person, in the pool or with one who has not written yet; `null` where they do not. Store time. */
export function waitsForPeopleSince({
  state,
  sinceMs,
  waitsSinceMs,
}: StoredSession | Session): number | null {
  if (state === STATE.pool) return sinceMs;
  return state === STATE.people ? (waitsSinceMs ?? null) : null;
}

/** How many messages the customer may still be sent, as far as this manager knows. */
export function sendsLeft({ left }: Pick<Session, 'left'>): number {
  return Math.max(0, left);
}

/** Bots choose `msgid`s, and may put anything into them. */
type Sealed = Pick<Session, 'customer' | 'texts' | 'counted'>;

/** As it is stored: who the customer is, and what is sent, is sealed. */
export interface StoredSession extends Omit<Session, keyof Sealed> {
  readonly key: string;
  /** `Sealed` as JSON. */
  readonly sealed: Secret;
  readonly hasTexts: boolean;
}

export const WITH_TEXTS = 'texts';

export const SESSIONS: RecordKind<StoredSession> = {
  name: 'sessions',
  keyOf: ({ key }) => key,
  lookupKeysOf: (stored) => {
    const holder = holderOf(stored);
    return [
      ...(stored.hasTexts ? [WITH_TEXTS] : []),
      ...(holder === null ? [] : [holdingKey(stored, holder)]),
      ...(waitsForPeopleSince(stored) === null ? [] : [holdingKey(stored, 'unmet')]),
    ];
  },
  expiresAtMsOf: ({ expiresAtMs }) => expiresAtMs,
  sealed: { at: ['sealed'], boundTo: ['corpId', 'openKfId'], isReplaceable: true },
};

/** `unmet`: the customers who wait for a person. Replicas of earlier versions pass over this word. */
const COUNTED = [...HOLDERS, 'unmet'] as const;
type Counted = (typeof COUNTED)[number];

/** The customers of an account that somebody has. An account's key has no blank. */
export function holdingKey(account: Addressee, holder: Counted): string {
  return `${accountKey(account)} ${holder}`;
}

/** @returns `null` for a text that is no such key. */
export function readHoldingKey(text: string): { readonly account: string; readonly holder: Counted } | null {
  const [account = '', word] = text.split(' ');
  const holder = COUNTED.find((one) => one === word);
  return holder === undefined ? null : { account, holder };
}

export function newSession({ corpId, openKfId }: Addressee, customer: string, nowMs: number): Session {
  return {
    corpId,
    openKfId,
    customer,
    state: null,
    sinceMs: nowMs,
    learntMs: nowMs,
    left: SENDS_MAX,
    lastAtMs: 0,
    seen: [],
    isInDoubt: false,
    texts: [],
    expiresAtMs: nowMs + SESSION_MS,
  };
}

export function toStored({ customer, texts, counted, ...same }: Session): StoredSession {
  return {
    ...same,
    key: customerKey(same, customer),
    sealed: new Secret(JSON.stringify({ customer, texts, counted } satisfies Record<keyof Sealed, unknown>)),
    hasTexts: texts.length > 0,
  };
}

/** @returns `null` where nothing of it counts any more, or its secrets do not open. */
export function fromStored(stored: StoredSession | null, nowMs: number): Session | null {
  const text = stored?.sealed.reveal() ?? '';
  if (stored === null || text === '' || stored.expiresAtMs <= nowMs) return null;
  const { key: _key, sealed: _sealed, hasTexts: _has, ...same } = stored;
  return { ...same, ...(JSON.parse(text) as Sealed) };
}
