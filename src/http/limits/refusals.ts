/**
 * Slows down callers that guess signatures or secrets. A good request is never refused, however many bad ones
 * came from its address: WeCom's callbacks for all corps come from few addresses, and one app with a wrong token
 * must not block the others. So every request is checked, except callbacks that are too long to be WeCom's. Only
 * refusals are counted, and beyond the limit they all get the same answer.
 */
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { ErrorCode } from '../../kernel/error-table.js';
import type { Log } from '../../kernel/log.js';
import { toAddressKey } from '../request/address.js';
import { FailedAttempts } from './failed-attempts.js';

const SIGNATURES_PER_MINUTE = 60;
const CREDENTIALS_PER_MINUTE = 30;

type Kind = 'signatures' | 'credentials';

const TOO_MANY = {
  signatures: { perMinute: SIGNATURES_PER_MINUTE, code: 'CALLBACK_TOO_MANY_REFUSED' },
  credentials: { perMinute: CREDENTIALS_PER_MINUTE, code: 'AUTH_TOO_MANY_FAILED' },
} as const satisfies Record<Kind, { perMinute: number; code: ErrorCode }>;

/** Refusals that cost work and are caused only by a forger or by an app that is set up wrongly. */
const KINDS = new Map<ErrorCode, Kind>([
  ['CALLBACK_CORP_UNKNOWN', 'signatures'],
  ['CALLBACK_ENVELOPE_MALFORMED', 'signatures'],
  ['CALLBACK_ECHO_MALFORMED', 'signatures'],
  ['CALLBACK_SIGNATURE_MISMATCH', 'signatures'],
  ['CALLBACK_RECEIVE_ID_MISMATCH', 'signatures'],
  ['CALLBACK_TIMESTAMP_OFF', 'signatures'],
  ['CIPHER_NOT_BASE64', 'signatures'],
  ['CIPHER_LENGTH_INVALID', 'signatures'],
  ['CIPHER_PADDING_INVALID', 'signatures'],
  ['CIPHER_MESSAGE_LENGTH_INVALID', 'signatures'],
  ['CIPHER_NOT_UTF8', 'signatures'],
  ['AUTH_MISSING', 'credentials'],
  ['AUTH_WRONG', 'credentials'],
  ['AUTH_ROLE_CLOSED', 'credentials'],
  ['AUTH_SESSION_ENDED', 'credentials'],
  ['AUTH_OIDC_NOT_BEGUN', 'credentials'],
  ['AUTH_OIDC_REFUSED', 'credentials'],
  ['AUTH_OIDC_NO_ROLE', 'credentials'],
  ['TUNNEL_KEY_WRONG', 'credentials'],
]);

/** Whether it is one refusal too many, which is logged only at `debug`. */
export function isOneOfTooMany(error: unknown): boolean {
  return error instanceof AppError && Object.values(TOO_MANY).some(({ code }) => code === error.code);
}

export class Refusals {
  readonly #attempts: Readonly<Record<Kind, FailedAttempts>>;

  constructor(
    clock: Clock,
    private readonly log: Log,
  ) {
    this.#attempts = { signatures: new FailedAttempts(clock), credentials: new FailedAttempts(clock) };
  }

  /** Returns the error, or 429 if its address has had too many of this kind. */
  judge(error: AppError, address: string | undefined): AppError {
    const kind = KINDS.get(error.code);
    if (kind === undefined) return error;
    const { perMinute, code } = TOO_MANY[kind];
    const key = toAddressKey(address);
    const { count, leftS } = this.#attempts[kind].add(key);
    if (count <= perMinute) return error;
    if (count === perMinute + 1) this.#tell(kind, key, perMinute, error);
    return new AppError(code, { retryAfterS: leftS, internal: { insteadOf: error.code } });
  }

  /** 429 if too many callbacks of the address were refused; else `null`. For callbacks that are too long to be WeCom's. */
  findTooMany(address: string | undefined): AppError | null {
    const { perMinute, code } = TOO_MANY.signatures;
    const failures = this.#attempts.signatures.find(toAddressKey(address));
    if (failures === null || failures.count <= perMinute) return null;
    return new AppError(code, { retryAfterS: failures.leftS });
  }

  /** Called at most once a minute for an address and kind, since a count lasts a minute. */
  #tell(failed: Kind, address: string, perMinute: number, { code }: AppError): void {
    this.log.warn({ address, failed, perMinute, error: code }, 'http.too_many_failures');
  }
}
