import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Log } from '../../kernel/log.js';
import { REPLICA } from '../../kernel/replica.js';
import { type LoggedRecord, timeOfId } from '../../record/delivery-record.js';
import { byKey, type Segment, type SegmentFolder, type SegmentName } from './segment-folder.js';
import type { SegmentBatch } from './segment-batch.js';
import { addTerms, firstLine, fromLine, SegmentFrame, toText } from './segment-format.js';
import { TermSet } from './term-set.js';

/** An open segment is sealed when it has so much text or its first record is so old. */
const SEGMENT_BYTES = 4 * 1_024 * 1_024;
export const SEGMENT_MS = 3_600_000;
/** How many lines are looked at in one turn of the event loop. */
export const LINES_PER_TURN = 2_000;
/** How much is compressed at a time: each piece costs a thread's wake-up. */
const PIECE_BYTES = 131_072;
/** How much is written before the room on the disk is looked at again, for the same reason. */
const CHECKED_BYTES = 1_048_576;

/** The segment that is written to. */
interface OpenSegment {
  readonly key: string;
  readonly handle: FileHandle;
  readonly terms: TermSet;
  readonly frame: SegmentFrame;
  /** What was written and is not in the frame yet. */
  unframed: Buffer[];
  hasRecords: boolean;
}

/** Changes the segments of the delivery log, one change after the other: begins, fills, seals and removes them. */
export class SegmentWriter {
  /**
   * The oldest first. The open one is the last, unless the clock was ahead when an earlier process wrote. `null` before the
   * folder was read.
   */
  #segments: readonly Segment[] | null = null;
  #open: OpenSegment | null = null;
  #isClosed = false;
  /** How much may be written before the room is looked at again. */
  #checkedBytes = 0;
  #lastChange: Promise<unknown> = Promise.resolve();

  /** @param bytesMax of all segments; the oldest are removed before there is more. */
  constructor(
    private readonly folder: SegmentFolder,
    private readonly bytesMax: number,
    private readonly log: Log,
  ) {}

  /** @throws Error of the file system. */
  async list(): Promise<readonly Segment[]> {
    return this.#segments ?? this.#inTurn(() => this.#list());
  }

  /** @throws Error when they may not have been written. */
  append({ first, terms, text }: SegmentBatch): Promise<void> {
    return this.#inTurn(async () => {
      if (first === null) return;
      await this.#requireRoom();
      const open = await this.#openFor(first);
      open.terms.addAll(terms);
      try {
        await open.handle.appendFile(text);
        open.unframed.push(text);
        if (bytesIn(open.unframed) >= PIECE_BYTES) await addUnframed(open);
      } catch (error) {
        await this.#leaveAfterFailure();
        throw error;
      }
      open.hasRecords = true;
      this.#checkedBytes -= text.length;
      if (this.#grow(open.key, text.length) >= SEGMENT_BYTES) await this.#sealOpen();
      await this.#makeRoom();
    });
  }

  /** Removes the segments whose keys are smaller. @throws Error of the file system. */
  removeBefore(key: string): Promise<void> {
    return this.#inTurn(async () => {
      for (const segment of await this.#list()) if (segment.key < key) await this.#remove(segment);
    });
  }

  /** @throws Error of the file system. */
  remove(segment: SegmentName): Promise<void> {
    return this.#inTurn(() => this.#remove(segment));
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true;
      await this.#leaveOpen();
    });
  }

  /** A change that fails does not keep the next one from being made. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const changed = this.#lastChange.then(change);
    this.#lastChange = changed.catch(() => {});
    return changed;
  }

  async #list(): Promise<readonly Segment[]> {
    if (this.#segments !== null) return this.#segments;
    const listed = await this.folder.list();
    this.#segments = listed;
    // Left open by an earlier process.
    for (const { key, isSealed } of listed) if (!isSealed) await this.#seal(key, () => this.#toSealed(key));
    return this.#segments;
  }

  async #requireRoom(): Promise<void> {
    if (this.#checkedBytes > 0) return;
    if (!(await this.folder.mayGrow())) throw new Error('too little of the disk is free');
    this.#checkedBytes = CHECKED_BYTES;
  }

  async #openFor(first: LoggedRecord): Promise<OpenSegment> {
    if (this.#isClosed) throw new Error('the delivery log is closed');
    if (this.#open !== null && first.atMs - timeOfId(this.#open.key) >= SEGMENT_MS) await this.#sealOpen();
    if (this.#open !== null) return this.#open;
    const segments = await this.#list();
    const head = Buffer.from(firstLine(REPLICA));
    const handle = await this.folder.create(first.id, head);
    this.#open = {
      key: first.id,
      handle,
      terms: new TermSet(),
      frame: new SegmentFrame(),
      unframed: [head],
      hasRecords: false,
    };
    this.#segments = [...segments, { key: first.id, isSealed: false, bytes: head.length }].sort(byKey);
    return this.#open;
  }

  /** @returns how large it is now. */
  #grow(key: string, bytes: number): number {
    const before = this.#segments?.findLast((segment) => segment.key === key)?.bytes ?? 0;
    this.#change({ key, isSealed: false, bytes: before + bytes });
    return before + bytes;
  }

  #change(segment: Segment): void {
    this.#segments = (this.#segments ?? []).map((known) => (known.key === segment.key ? segment : known));
  }

  async #sealOpen(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    await open.handle.close();
    await this.#seal(open.key, async () => {
      await addUnframed(open);
      return open.frame.seal(open.terms.toBytes());
    });
  }

  /** Where it cannot be sealed it stays as it is. @param toSealed gives `null` where it is gone. */
  async #seal(key: string, toSealed: () => Promise<Buffer | null>): Promise<void> {
    try {
      const sealed = await toSealed();
      if (sealed === null) return;
      await this.folder.replace(key, sealed);
      this.#change({ key, isSealed: true, bytes: sealed.length });
    } catch (err) {
      this.log.debug({ segment: key, err }, 'deliverylog.seal_failed');
    }
  }

  async #toSealed(key: string): Promise<Buffer | null> {
    const text = await this.folder.read({ key, isSealed: false });
    if (text === null) return null;
    const terms = await termsIn(text);
    const frame = new SegmentFrame();
    for (let at = 0; at < text.length; at += PIECE_BYTES)
      await frame.add(text.subarray(at, at + PIECE_BYTES));
    return frame.seal(terms.toBytes());
  }

  async #leaveOpen(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    open?.frame.discard();
    await open?.handle.close();
  }

  /** What was written may end within a line, which the next one must not continue. */
  async #leaveAfterFailure(): Promise<void> {
    const open = this.#open;
    await this.#leaveOpen();
    if (open?.hasRecords === false) await this.#remove({ key: open.key, isSealed: false });
  }

  async #makeRoom(): Promise<void> {
    const segments = this.#segments ?? [];
    let bytes = bytesOf(segments);
    for (const segment of segments) {
      if (bytes <= this.bytesMax) return;
      bytes -= segment.bytes;
      await this.#remove(segment);
    }
  }

  async #remove(segment: SegmentName): Promise<void> {
    if (this.#open?.key === segment.key) await this.#leaveOpen();
    await this.folder.remove(segment);
    this.#segments = (this.#segments ?? []).filter(({ key }) => key !== segment.key);
  }
}

export function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((bytes, segment) => bytes + segment.bytes, 0);
}

function bytesIn(parts: readonly Buffer[]): number {
  return parts.reduce((bytes, { length }) => bytes + length, 0);
}

/** @throws Error after which the frame must not be used. */
async function addUnframed(open: OpenSegment): Promise<void> {
  const [first, ...others] = open.unframed;
  const text = first !== undefined && others.length === 0 ? first : Buffer.concat(open.unframed);
  open.unframed = [];
  await open.frame.add(text);
}

async function termsIn(bytes: Buffer): Promise<TermSet> {
  const { replica, lines } = toText(bytes.toString());
  const terms = new TermSet();
  for (const [at, line] of lines.entries()) {
    if (at % LINES_PER_TURN === 0) await nextTurn();
    const record = fromLine(line, replica);
    if (record !== null) addTerms(terms, record);
  }
  return terms;
}
