/** Messages of an account that wait at a bot: what may happen to their line. Times are store time, epoch milliseconds. */
import type { Line, LineHead } from '../storage/queue/line.js';
import type { LineType } from './lines.js';
import { hasShape, isCount, isFlag, isNumber, isText, orNull } from '../kernel/shape.js';
import type { Addressee } from '../kernel/account.js';

/** The attempt that a turn has begun. A callback bot has taken the message once it has both answered and pulled. */
export interface UnderWay {
  readonly msgid: string;
  /** Counted from 1. */
  readonly attempt: number;
  /** The bot has answered its callback with 2xx. */
  readonly isAnswered: boolean;
  /** The bot has been given it by `kf/sync_msg`. */
  readonly isPulled: boolean;
  /** When the attempt is over. */
  readonly untilMs: number;
}

/** Names one attempt of a message. */
export type AttemptName = Pick<UnderWay, 'msgid' | 'attempt'>;

/** What a callback bot does to take a message. */
export type Half = 'answered' | 'pulled';

/** The messages themselves are rows of their own. There is a line while any of them waits. */
export interface MessageLine extends LineHead {
  readonly underWay: UnderWay | null;
  /** Whether an earlier turn ended without a word: see `Turn.isInDoubt`. */
  readonly isInDoubt: boolean;
  /** Whether the line was made due since it was claimed. */
  readonly isNewer: boolean;
  /** Until when a message may be brought back: a turn that finds none leaves the line due for that time. */
  readonly keepingUntilMs: number;
  /** The due time that a claim sets. Another `dueAtMs` during the lease shows that the line was woken. */
  readonly restsUntilMs: number;
}

/**
 * Whether the bot has answered its callback and still has to pull. The pull is answered with the message that is
 * under way, so no other message is begun until then.
 */
export function isAwaited({ isAnswered, isPulled, untilMs }: UnderWay, nowMs: number): boolean {
  return isAnswered && !isPulled && nowMs < untilMs;
}

export function isComplete({ isAnswered, isPulled }: UnderWay): boolean {
  return isAnswered && isPulled;
}

/** Whether this attempt is under way. */
export function isUnderWay(
  line: MessageLine | null,
  { msgid, attempt }: AttemptName,
): line is MessageLine & { readonly underWay: UnderWay } {
  return line?.underWay?.msgid === msgid && line.underWay.attempt === attempt;
}

/** Whether a half is done is known now, if its attempt is under way. */
export function withHalf(
  line: MessageLine | null,
  of: AttemptName,
  half: Half,
  isDone: boolean,
): MessageLine | null {
  if (!isUnderWay(line, of)) return line;
  const noted = half === 'answered' ? { isAnswered: isDone } : { isPulled: isDone };
  return { ...line, underWay: { ...line.underWay, ...noted } };
}

/** No attempt is under way any more. */
export function toIdle(line: MessageLine): MessageLine {
  return { ...line, underWay: null };
}

/** A message waits, and may be sent. @param line `null` where none waited before. */
export function toDue(
  line: MessageLine | null,
  { corpId, openKfId }: Addressee,
  endpoint: string | null,
  atMs: number,
): MessageLine {
  const before: Omit<MessageLine, 'state' | 'endpoint'> = line ?? {
    corpId,
    openKfId,
    lease: null,
    probedAtMs: 0,
    arrivedAtMs: atMs,
    waitingSinceMs: atMs,
    dueAtMs: null,
    lastFailure: null,
    underWay: null,
    isInDoubt: false,
    keepingUntilMs: 0,
    restsUntilMs: 0,
    isNewer: false,
  };
  const isNewer = before.lease !== null;
  return at({ ...before, arrivedAtMs: atMs, isNewer }, endpoint, Math.min(atMs, before.dueAtMs ?? atMs));
}

/**
 * The turn is over.
 * @param dueAtMs when the next message is due; `null` where none waits.
 * @returns `null` where no line is left.
 */
export function toReleased(
  line: MessageLine,
  isInDoubt: boolean,
  endpoint: string | null,
  dueAtMs: number | null,
  nowMs: number,
): MessageLine | null {
  const freed = { ...line, lease: null, isInDoubt };
  // The call that made the line due meanwhile has set its endpoint.
  if (line.isNewer || line.dueAtMs !== line.restsUntilMs) return at(freed, line.endpoint, nowMs);
  if (dueAtMs !== null) return at(freed, endpoint, dueAtMs);
  return line.keepingUntilMs > nowMs ? at(freed, endpoint, line.keepingUntilMs) : null;
}

/** Without an endpoint the line is parked. It is never due: a bot that comes wakes it. */
function at(
  line: Omit<MessageLine, 'state' | 'endpoint'>,
  endpoint: string | null,
  dueAtMs: number,
): MessageLine {
  if (endpoint === null) return { ...line, state: 'parked', endpoint, dueAtMs: null };
  return { ...line, state: 'waiting', endpoint, dueAtMs };
}

export const MESSAGE_LINES: LineType<MessageLine> = {
  kind: 'messages',
  toClaimed: (line, untilMs) => ({
    ...line,
    isInDoubt: line.isInDoubt || line.lease !== null,
    isNewer: false,
    dueAtMs: untilMs,
    restsUntilMs: untilMs,
  }),
  toRenewed: (line, untilMs) =>
    line.dueAtMs === line.restsUntilMs ? { ...line, dueAtMs: untilMs, restsUntilMs: untilMs } : line,
  toLine: ({ underWay, isInDoubt, isNewer, keepingUntilMs, restsUntilMs, ...head }) => ({
    ...head,
    kind: 'messages',
    details: { underWay, isInDoubt, isNewer, keepingUntilMs, restsUntilMs },
    body: null,
  }),
  fromLine: ({ kind: _kind, details, body: _body, ...head }: Line) =>
    isDetails(details) ? { ...head, ...details } : null,
};

const isUnderWayShape = hasShape<UnderWay>({
  msgid: isText,
  attempt: isCount,
  isAnswered: isFlag,
  isPulled: isFlag,
  untilMs: isNumber,
});
const isDetails = hasShape<
  Pick<MessageLine, 'underWay' | 'isInDoubt' | 'isNewer' | 'keepingUntilMs' | 'restsUntilMs'>
>({
  underWay: orNull(isUnderWayShape),
  isInDoubt: isFlag,
  isNewer: isFlag,
  keepingUntilMs: isNumber,
  restsUntilMs: isNumber,
});
