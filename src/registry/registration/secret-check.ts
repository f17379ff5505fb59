import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';

/** Whose secret it is said to be, and by whom. */
export interface SecretQuestion {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** The address that it was registered from; wrong secrets are counted by it. */
  readonly from: string;
  /** To which the question belongs, should there be one; left out where it is of none. */
  readonly trace?: TraceContext | null;
}

/** `unknown`: WeCom could not be asked, or said nothing of the secret; the seconds are when to ask again. */
export type SecretVerdict =
  | 'accepted'
  | 'refused'
  | { readonly unknown: string; readonly retryAfterS: number };

/** A secret that WeCom has just accepted, whoever asked: corp and `secretIdOf` the two. */
export type OnAccepted = (corpId: string, secretId: string) => void;

/** Asks WeCom whether a corp has a secret. Wrong questions are limited, so that an answer may be `unknown`. */
export abstract class SecretCheck {
  /** What WeCom said within the last minute counts as said now. Never rejects, and takes `limitMs` at most. */
  abstract check(question: SecretQuestion, limitMs: number): Promise<SecretVerdict>;

  /** There is one listener. What was accepted a while ago, perhaps by way of another process, is not told. */
  abstract onAccepted(listen: OnAccepted): void;
}
