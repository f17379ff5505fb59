/** What a token is asked for with, and what comes of it. */
import type { CallingBot } from '../../http/access/bot-keys.js';
import { toAddressKey } from '../../http/request/address.js';
import type { Caller } from '../../kernel/role.js';
import type { Secret } from '../../kernel/secret.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { WecomAnswer } from '../client/wecom-answer.js';
import type { AccessToken } from './access-token.js';

/** Who asks for a token. Failures are counted for each caller. A request of Fastify's is one. */
interface TokenCaller {
  /** `null` when no secrets are required. Every caller then counts as a puppet, as in a registration. */
  readonly role: Caller | null;
  readonly ip?: string | undefined;
  /** The bot whose key was sent. Its failures are counted for the bot. */
  readonly bot?: Pick<CallingBot, 'id'> | null;
}

/** The secret whose token is wanted, and the caller. */
export interface TokenRequest {
  readonly corpId: string;
  readonly corpSecret: Secret;
  readonly caller: TokenCaller;
  /**
   * The bot whose it is, by its key or because it stands in its record; `null` for other callers. Left out where somebody tries a
   * secret: that WeCom refuses it is nobody's trouble.
   */
  readonly botId?: string | null;
  /** Whether WeCom has accepted the secret before. Then it cannot be a guess. Left out when unknown. */
  readonly isProven?: boolean;
  /** The trace of the inquiry, if any. */
  readonly trace?: TraceContext | null;
}

/** Where an answer was found. */
type OutcomeSource = 'memory' | 'store' | 'upstream';

/** The result of a token request: a token, or a refusal. */
export type TokenOutcome = GrantedOutcome | RefusedOutcome;

interface GrantedOutcome {
  readonly token: AccessToken;
  readonly source: OutcomeSource;
}

export interface RefusedOutcome {
  readonly refusal: WecomAnswer;
  readonly source: OutcomeSource;
  /** Seconds until upstream may be asked again. */
  readonly retryAfterS: number;
}

/** The same for all requests of one caller: those of one bot or role, from one address or /64 network of IPv6. */
export function callerKeyOf({ role, ip, bot = null }: TokenCaller): string {
  return `${bot === null ? (role ?? 'puppet') : `bot ${bot.id}`} ${toAddressKey(ip)}`;
}
