/**
 * Answers that the manager does not have in all builds yet, by hand. Each goes once `answers.gen.ts` has it; fields that an
 * older answer lacks are optional here, so that a page works with both.
 */
import type {
  BotAnswer,
  BotCallbackAnswer,
  CauseAnswer,
  KfAccountAnswer,
  LastHourAnswer,
  StatusAnswer,
  VerdictAnswer,
} from './answers.gen.js';

export interface ComingCause extends Omit<CauseAnswer, 'code'> {
  readonly code: CauseAnswer['code'] | 'silent' | 'token_refused' | 'bot_calls_fail' | 'paused';
  /** Stable while the cause lasts. */
  readonly key?: string;
  readonly botName?: string | null;
  readonly corpName?: string | null;
}

/** The worst first. */
export const ACCOUNT_STATES = [
  'failing',
  'silent',
  'waiting',
  'unserved',
  'paused',
  'offline',
  'unseen',
  'working',
  'quiet',
] as const;
export type AccountState = (typeof ACCOUNT_STATES)[number];
export type AccountCounts = Readonly<Record<AccountState, number>>;

export interface ComingStatus extends Omit<StatusAnswer, 'verdict'> {
  readonly verdict: Omit<VerdictAnswer, 'causes'> & {
    readonly causes: readonly ComingCause[];
    readonly accounts?: AccountCounts;
  };
}

/** Of `GET /api/v1/accounts`. */
export interface AccountAnswer {
  readonly corpId: string;
  /** The name of its app; null where it has none. */
  readonly corpName: string | null;
  readonly openKfId: string;
  /** WeCom's, or that of the registration. */
  readonly name: string | null;
  /** null: WeCom's list of that corp is not known. */
  readonly inWecom: boolean | null;
  readonly servedBy: 'bot' | 'puppet' | 'people' | 'nobody';
  readonly botId: string | null;
  readonly botName: string | null;
  readonly address: string | null;
  readonly state: AccountState;
  readonly since: string | null;
  readonly causes: readonly ComingCause[];
  /** null: the store does not answer. */
  readonly waiting: { readonly events: number; readonly messages: number; readonly dead: number } | null;
  readonly lastMessageAt: string | null;
  readonly lastReplyAt: string | null;
  readonly lastHour: LastHourAnswer;
  /** Events and messages taken in each of the last 24 hours, the oldest first. */
  readonly hours: readonly number[];
}

export interface AccountDetailAnswer extends AccountAnswer {
  readonly registration: KfAccountAnswer | null;
}

export interface AccountPageAnswer {
  readonly items: readonly AccountAnswer[];
  readonly nextCursor: string | null;
  readonly total: number | null;
  readonly counts: AccountCounts;
}

export interface ComingBot extends Omit<BotAnswer, 'callback'> {
  readonly callback: (BotCallbackAnswer & { readonly form?: 'json' | 'wecom' }) | null;
  readonly paused?: boolean;
  readonly causes?: readonly ComingCause[];
  readonly accounts?: AccountCounts;
}
