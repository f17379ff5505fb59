import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';

/** The secret to check, and who claims to have it. */
export interface SecretQuestion {
  readonly corpId: string;
  readonly corpSecret: Secret;
  /** The address that the registration came from. Wrong secrets are counted per address. */
  readonly from: string;
  /** The trace that the check belongs to, if any. */
  readonly trace?: TraceContext | null;
}

/** `unknown`: WeCom could not be asked, or its answer does not judge the secret. Ask again after `retryAfterS`. */
export type SecretVerdict =
  | 'accepted'
  | 'refused'
  | { readonly unknown: string; readonly retryAfterS: number };

/** Called for each secret that WeCom has just accepted, for whatever caller. `secretId` is `secretIdOf` corp and secret. */
export type OnAccepted = (corpId: string, secretId: string) => void;

/** Asks WeCom whether a secret belongs to a corp. Wrong secrets are rate limited; beyond the limit the verdict is `unknown`. */
export abstract class SecretCheck {
  /** Reuses an answer of WeCom that is at most a minute old. Never rejects, and takes at most `limitMs`. */
  abstract check(question: SecretQuestion, limitMs: number): Promise<SecretVerdict>;

  /** Sets the only listener. It does not hear of earlier acceptances, nor of those by other processes. */
  abstract onAccepted(listen: OnAccepted): void;
}
