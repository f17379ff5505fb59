/**
 * From where an account is pulled, and what may happen to that: functions from one state to the next. Times are store
 * time, epoch milliseconds.
 */
import type { RecordKind } from '../../storage/records/record-kind.js';
import type { Lease } from '../../storage/queue/line.js';
import type { MessageHead } from '../../queue/message.js';
import type { OwnPull } from '../../wecom/proxy/queued-messages.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/**
 * How many moves of cursors are remembered, and for how long: an attempt may take 60 s, and its program may pull some
 * pages.
 */
const MOVES_MAX = 20;
const MOVES_MS = 60_000;

/** A recipient has moved a cursor by its own pull. */
export interface CursorMove {
  readonly appId: string;
  /** Where the cursor goes back to if the pull does not count after all. */
  readonly from: string;
  readonly atMs: number;
}

/** The cursors are a list, since the id of an app may not be a valid name of a field. */
export interface AppCursor {
  readonly appId: string;
  readonly cursor: string;
}

/** What is kept of an account beside its messages. */
export interface PullState extends Addressee {
  /** Where the last pull of each app ended. */
  readonly cursors: readonly AppCursor[];
  /** See `PulledPage.regime`; `null` until a page was kept. */
  readonly regime: string | null;
  readonly coveredUntilMs: number;
  /**
   * The recipient that moved a cursor last by its own pull, and of which app; `null` once another recipient has taken an
   * event.
   */
  readonly mover: { readonly takerId: string; readonly appId: string } | null;
  /** The latest moves, in their order. */
  readonly moves: readonly CursorMove[];
  /** See `Pulls.goBack`: a pull that began until then moves nothing. */
  readonly wentBackUntilMs: number;
  /** When a page was kept last; 0 before the first. */
  readonly pulledAtMs: number;
  /** The number that the next message gets. */
  readonly nextSeq: number;
  /** Where its last messages were to go, as in `Endpoint.href`; `null` while nobody was there. */
  readonly endpoint: string | null;
  /** Of the process that pulls. */
  readonly lease: Lease | null;
}

/** WeCom gives the message next that is pulled from this cursor. */
export interface CursorBefore {
  readonly msgid: string;
  readonly cursor: string;
}

export const PULL_STATES: RecordKind<PullState> = { name: 'pulls', keyOf: accountKey };

export function newPullState({ corpId, openKfId }: Addressee): PullState {
  return {
    corpId,
    openKfId,
    cursors: [],
    regime: null,
    coveredUntilMs: 0,
    mover: null,
    moves: [],
    wentBackUntilMs: 0,
    pulledAtMs: 0,
    nextSeq: 0,
    endpoint: null,
    lease: null,
  };
}

/** Whether the account was pulled before, by the manager or through it. */
export function isPulled({ regime, cursors }: Pick<PullState, 'regime' | 'cursors'>): boolean {
  return regime !== null || cursors.length > 0;
}

/** @returns `null` before the first pull of this app. */
export function cursorOf({ cursors }: Pick<PullState, 'cursors'>, appId: string): string | null {
  return cursors.find((one) => one.appId === appId)?.cursor ?? null;
}

export function withCursor(state: PullState, appId: string, cursor: string): PullState {
  const others = state.cursors.filter((one) => one.appId !== appId);
  return { ...state, cursors: [...others, { appId, cursor }] };
}

/** A program has pulled by itself. @returns `null` where that counts for nothing, since cursors have gone back meanwhile. */
export function withOwnPull(state: PullState, pull: OwnPull, nowMs: number): PullState | null {
  const { appId, takerId, from, cursor, beganAtMs } = pull;
  // `''` begins anew and skips no message, so it always counts.
  if (cursor !== '' && beganAtMs <= state.wentBackUntilMs) return null;
  return {
    ...withCursor(state, appId, cursor),
    mover: { takerId, appId },
    moves: withMove(state.moves, { appId, from, atMs: nowMs }),
  };
}

/**
 * Adds a move. If there are too many, the first one goes, and the next move of its app goes back as far as the first
 * one did.
 */
function withMove(moves: readonly CursorMove[], move: CursorMove): readonly CursorMove[] {
  const recent = moves.filter(({ atMs }) => atMs > move.atMs - MOVES_MS);
  const [first, ...others] = [...recent, move];
  if (first === undefined || others.length < MOVES_MAX) return [...recent, move];
  const next = others.findIndex(({ appId }) => appId === first.appId);
  return others.map((one, n) => (n === next ? { ...one, from: first.from } : one));
}

/** Undoes the moves since `sinceMs`: the cursors are where they were before. */
export function goneBack(state: PullState, sinceMs: number, untilMs: number): PullState {
  const inVain = state.moves.filter(({ atMs }) => atMs >= sinceMs);
  const back = new Map(inVain.toReversed().map(({ appId, from }) => [appId, from]));
  return {
    ...state,
    cursors: state.cursors.map(({ appId, cursor }) => ({ appId, cursor: back.get(appId) ?? cursor })),
    moves: state.moves.filter(({ atMs }) => atMs < sinceMs),
    wentBackUntilMs: Math.max(untilMs, state.wentBackUntilMs),
  };
}

/** @returns `null` where nothing changes. */
export function covered(state: PullState, untilMs: number, takerId: string | null): PullState | null {
  if (!isPulled(state) || state.coveredUntilMs >= untilMs) return null;
  return { ...state, coveredUntilMs: untilMs, mover: state.mover?.takerId === takerId ? state.mover : null };
}

/**
 * All waiting messages were left to another recipient. They may have to be pulled again, so the cursors go back to the
 * first one.
 */
export function handedOver(
  state: PullState,
  first: Pick<MessageHead, 'page' | 'msgid'>,
  nearer: CursorBefore | null,
): PullState {
  const cursors = state.cursors.map(({ appId }) => ({ appId, cursor: cursorBefore(first, appId, nearer) }));
  return { ...state, cursors, moves: [], lease: null };
}

/**
 * The cursor of an app from which a pull gets all waiting messages.
 * @param first the one that waits longest.
 * @param nearer see `Pulls.handOver`.
 */
export function cursorBefore(
  { page, msgid }: Pick<MessageHead, 'page' | 'msgid'>,
  appId: string,
  nearer: CursorBefore | null = null,
): string {
  if (page.appId !== appId) return '';
  return nearer?.msgid === msgid ? nearer.cursor : page.cursor;
}
