/** A bot with 1,000 accounts and 16 headers takes some 120 kB, and a registration 6 kB at the most. */
const LINE_BYTES_MAX = 262_144;
const LINE_BREAK = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  /** Without its line break; `null` for one that is too long, which was not kept. */
  readonly bytes: Buffer | null;
}

/** Yields the lines that are not empty, however the input is cut into chunks. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  const line = new GrowingLine();
  let number = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(LINE_BREAK); at !== -1; at = chunk.indexOf(LINE_BREAK, from)) {
      line.add(chunk.subarray(from, at));
      if (!line.isEmpty) yield line.take(number);
      number++;
      from = at + 1;
    }
    line.add(chunk.subarray(from));
  }
  if (!line.isEmpty) yield line.take(number);
}

class GrowingLine {
  #pieces: Buffer[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= LINE_BYTES_MAX) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  take(number: number): NumberedLine {
    const bytes = this.#bytes > LINE_BYTES_MAX ? null : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    const hasMark = number === 1 && bytes?.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    return { number, bytes: hasMark ? (bytes?.subarray(BYTE_ORDER_MARK.length) ?? null) : bytes };
  }
}
