import type { RecordBatch } from '../../record/delivery-log.js';
import type { LoggedRecord } from '../../record/delivery-record.js';
import { addTerms, toLine } from './segment-format.js';
import { TermSet } from './term-set.js';

const BYTES = 4_096;
/** UTF-8 of a unit of UTF-16. */
const BYTES_PER_UNIT_MAX = 3;

/** Lines that are written together, and their terms. */
export class SegmentBatch implements RecordBatch {
  readonly terms = new TermSet();
  length = 0;
  #first: LoggedRecord | null = null;
  #buffer = Buffer.allocUnsafeSlow(BYTES);
  #bytes = 0;

  /** @param append is given it to be written. */
  constructor(private readonly append: (batch: SegmentBatch) => Promise<void>) {}

  /** `null` while it is empty. */
  get first(): LoggedRecord | null {
    return this.#first;
  }

  get text(): Buffer {
    return this.#buffer.subarray(0, this.#bytes);
  }

  add(record: LoggedRecord): void {
    const line = toLine(record);
    const bytesMax = this.#bytes + line.length * BYTES_PER_UNIT_MAX;
    if (bytesMax > this.#buffer.length) this.#grow(bytesMax);
    this.#bytes += this.#buffer.write(line, this.#bytes);
    addTerms(this.terms, record);
    this.#first ??= record;
    this.length++;
  }

  write(): Promise<void> {
    return this.append(this);
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#bytes);
    this.#buffer = larger;
  }
}
