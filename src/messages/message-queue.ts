import SortedTree from 'sorted-btree';
import type { Addressee } from '../registry/destination.js';
import { accountKey } from '../registry/puppet.js';
import type { OwnPull } from '../wecom/proxy/queued-messages.js';
import type { MessageHead, MessageOrder, MessageState } from './message.js';
import { type CursorBefore, isAwaited, type UnderWay } from './message-store.js';

// The package is CommonJS and has no named exports.
const { default: BTree } = SortedTree;

type BySeq = InstanceType<typeof BTree<number, MessageHead>>;

const newBySeq = (): BySeq => new BTree<number, MessageHead>();

/** Moves of a program's cursor that are remembered: of the time that an attempt may take, and some pages of one. */
const MOVES_MAX = 20;
const MOVES_MS = 60_000;

/** A taker has moved a cursor by its own pull. */
export interface CursorMove {
  readonly appId: string;
  /** Where the cursor goes back to, if that was in vain. */
  readonly from: string;
  /** Store time. */
  readonly atMs: number;
}

/** What is kept of an account beside its messages. */
export interface MessageAccount extends Addressee {
  /** Where the last pull of each app ended. */
  readonly cursors: Readonly<Record<string, string>>;
  /** See `PulledPage.regime`; `null` until a page was kept. */
  readonly regime: string | null;
  readonly coveredUntilMs: number;
  /** Who has moved a cursor last besides the manager, and of which app; `null` once another one has taken an event. */
  readonly mover: { readonly takerId: string; readonly appId: string } | null;
  /** The last ones, in their order. */
  readonly moves: readonly CursorMove[];
  /** See `MessageStore.goBack`: a pull that began until then moves nothing. Store time. */
  readonly wentBackUntilMs: number;
  /** When a page was kept last, store time; 0 before the first. */
  readonly pulledAtMs: number;
  readonly nextSeq: number;
  readonly endpoint: string | null;
}

interface Lease {
  readonly id: string;
  readonly untilMs: number;
}

/** One account of one process: its messages without what they say, and who may pull and send them. */
export class MessageQueue {
  readonly key: string;
  stored: MessageAccount;
  /** Where its messages wait. */
  endpoint: string | null;
  /** When it may be claimed, if anything waits; `null` until something does. */
  dueAtMs: number | null = null;
  pull: Lease | null = null;
  turn: Lease | null = null;
  /** Only here: when the process ends it is not known what became of it, and it is sent again. */
  underWay: UnderWay | null = null;
  /** Something came, or it was woken, since it was claimed. */
  isNewer = false;
  /** See `Turn`. So is what an earlier process has kept. */
  isInDoubt = false;
  /** Its place among those that were claimed to probe their endpoint. */
  probe = 0;
  readonly #heads = new Map<string, MessageHead>();
  readonly #byState: Readonly<Record<MessageState, BySeq>> = { waiting: newBySeq(), dead: newBySeq() };
  /** Those that wait, by lane. */
  readonly #lanes = new Map<string, BySeq>();
  /** The first of each lane. */
  readonly #firsts = newBySeq();
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(stored: MessageAccount) {
    this.key = accountKey(stored);
    this.stored = stored;
    this.endpoint = stored.endpoint;
  }

  /** @returns `null` for a message that neither waits nor is dead. */
  get(msgid: string): MessageHead | null {
    return this.#heads.get(msgid) ?? null;
  }

  set(head: MessageHead): void {
    this.delete(head.msgid);
    this.#heads.set(head.msgid, head);
    this.#byState[head.state].set(head.seq, head);
    if (head.state === 'waiting') this.#changeLane(head.lane, (lane) => lane.set(head.seq, head));
  }

  delete(msgid: string): void {
    const head = this.#heads.get(msgid);
    if (head === undefined) return;
    this.#heads.delete(msgid);
    this.#byState[head.state].delete(head.seq);
    if (head.state === 'waiting') this.#changeLane(head.lane, (lane) => lane.delete(head.seq));
  }

  count(state: MessageState): number {
    return this.#byState[state].size;
  }

  /** In their order, behind `afterSeq`. Nothing may be set or deleted meanwhile. */
  *ofState(state: MessageState, afterSeq = -1): Generator<MessageHead> {
    for (const head of this.#byState[state].values(afterSeq)) if (head.seq > afterSeq) yield head;
  }

  /** The one that waits longest: numbers are given as messages are stored. */
  firstWaiting(): MessageHead | null {
    for (const head of this.#byState.waiting.values()) return head;
    return null;
  }

  /** See `MessageStore.next`. */
  next(order: MessageOrder, nowMs: number, isProbe: boolean): MessageHead | null {
    const awaited = this.#findAwaited(nowMs);
    for (const head of this.#firstsOf(order)) {
      if (awaited !== null && head.msgid !== awaited.msgid) continue;
      if ((isProbe && awaited === null) || isDue(head, nowMs)) return head;
    }
    return null;
  }

  /** When the next message may be sent; `null` when none waits. */
  nextDueAtMs(order: MessageOrder, nowMs: number): number | null {
    const awaited = this.#findAwaited(nowMs);
    let nextMs: number | null = null;
    for (const { msgid, dueAtMs } of this.#firstsOf(order)) {
      if (dueAtMs === null) continue;
      const isHeldUp = awaited !== null && msgid !== awaited.msgid;
      const atMs = isHeldUp ? Math.max(dueAtMs, awaited.untilMs) : dueAtMs;
      if (nextMs === null || atMs < nextMs) nextMs = atMs;
    }
    return nextMs;
  }

  #findAwaited(nowMs: number): UnderWay | null {
    const { underWay } = this;
    if (underWay === null || !isAwaited(underWay, nowMs)) return null;
    return this.get(underWay.msgid)?.state === 'waiting' ? underWay : null;
  }

  /** All that wait are due, and so is the account. */
  wake(nowMs: number): void {
    for (const head of [...this.ofState('waiting')]) {
      if (!isDue(head, nowMs)) this.set({ ...head, dueAtMs: nowMs });
    }
    this.makeDue(nowMs);
  }

  makeDue(nowMs: number): void {
    this.dueAtMs = Math.min(nowMs, this.dueAtMs ?? nowMs);
    this.isNewer = true;
  }

  /** Its writes run one after the other, since each stores all that is kept of the account. */
  oneAtATime<T>(write: () => Promise<T>): Promise<T> {
    const written = this.#lastWrite.then(write);
    this.#lastWrite = written.catch(() => {});
    return written;
  }

  *#firstsOf(order: MessageOrder): Generator<MessageHead> {
    if (order === 'customer') {
      yield* this.#firsts.values();
      return;
    }
    const first = this.firstWaiting();
    if (first !== null) yield first;
  }

  #changeLane(name: string, change: (lane: BySeq) => void): void {
    const lane = this.#lanes.get(name) ?? newBySeq();
    const before = lane.minKey();
    if (before !== undefined) this.#firsts.delete(before);
    change(lane);
    const first = lane.getPairOrNextHigher(0);
    if (first === undefined) {
      this.#lanes.delete(name);
      return;
    }
    this.#lanes.set(name, lane);
    this.#firsts.set(...first);
  }
}

function isDue({ dueAtMs }: MessageHead, nowMs: number): boolean {
  return dueAtMs !== null && dueAtMs <= nowMs;
}

export function toAddressee({ corpId, openKfId }: Addressee): Addressee {
  return { corpId, openKfId };
}

export function newAccount(account: Addressee): MessageAccount {
  return {
    ...toAddressee(account),
    cursors: {},
    regime: null,
    coveredUntilMs: 0,
    mover: null,
    moves: [],
    wentBackUntilMs: 0,
    pulledAtMs: 0,
    nextSeq: 0,
    endpoint: null,
  };
}

/** Whether it says from where the account is pulled. */
export function isPulled({ regime, cursors }: Pick<MessageAccount, 'regime' | 'cursors'>): boolean {
  return regime !== null || Object.keys(cursors).length > 0;
}

/** With one more. Where they are too many, the next one of its app goes back as far as the first one does. */
export function withMove(moves: readonly CursorMove[], move: CursorMove): readonly CursorMove[] {
  const recent = moves.filter(({ atMs }) => atMs > move.atMs - MOVES_MS);
  const [first, ...others] = [...recent, move];
  if (first === undefined || others.length < MOVES_MAX) return [...recent, move];
  const next = others.findIndex(({ appId }) => appId === first.appId);
  return others.map((one, n) => (n === next ? { ...one, from: first.from } : one));
}

/** The cursors before the moves since then, by app, and the moves before that. */
export function beforeMoves(
  moves: readonly CursorMove[],
  sinceMs: number,
): { readonly cursors: ReadonlyMap<string, string>; readonly moves: readonly CursorMove[] } {
  const inVain = moves.filter(({ atMs }) => atMs >= sinceMs);
  const cursors = new Map(inVain.toReversed().map(({ appId, from }) => [appId, from]));
  return { cursors, moves: moves.filter(({ atMs }) => atMs < sinceMs) };
}

/** Whether it counts for nothing, since cursors have gone back meanwhile. One that begins anew leads past nothing. */
export function isInVain({ cursor, beganAtMs }: OwnPull, wentBackUntilMs: number): boolean {
  return cursor !== '' && beganAtMs <= wentBackUntilMs;
}

/**
 * The cursor of an app from which all is pulled that waits.
 * @param first the one that waits longest.
 * @param nearer see `MessageStore.handOver`.
 */
export function cursorBefore(
  { page, msgid }: Pick<MessageHead, 'page' | 'msgid'>,
  appId: string,
  nearer: CursorBefore | null = null,
): string {
  if (page.appId !== appId) return '';
  return nearer?.msgid === msgid ? nearer.cursor : page.cursor;
}
