import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** How long a caller may take to read the last bytes of an answer. */
const UNREAD_LIMIT_MS = 30_000;

const NOTHING = Buffer.alloc(0);

/** Characters that a status line may have (RFC 9112, 4). A text with others is dropped, since nobody needs it. */
const STATUS_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  /** A flat list: name, value, name, value. */
  readonly headers: readonly string[];
}

/**
 * The answer to the caller of the proxy. It is written piece by piece to Node's response, since Fastify takes only a whole body or
 * a stream.
 */
export class CallerAnswer {
  readonly #reply: FastifyReply;
  readonly #raw: ServerResponse;
  #hasBegun = false;
  #head: AnswerHead | null = null;
  /** The first bytes of the answer, for `whenSent`. */
  readonly #first: Buffer[] = [];
  #firstBytesLeft = 0;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#raw = reply.raw;
  }

  /** Whether the answer has begun, so that no other can be sent. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the caller hung up. */
  get isGone(): boolean {
    return this.#raw.destroyed && !this.#raw.writableFinished;
  }

  /** Calls `then` when the answer was written or the connection is closed. */
  whenOver(then: () => void): void {
    if (this.#raw.destroyed) then();
    else this.#raw.once('close', then);
  }

  /**
   * Calls `then` when WeCom's whole answer was written, with its head and first bytes. This delays nothing. Call it before the
   * answer begins.
   */
  whenSent(bytesMax: number, then: (head: AnswerHead, bytes: Buffer) => void): void {
    this.#firstBytesLeft = Math.max(bytesMax, this.#firstBytesLeft);
    this.#raw.once('finish', () => {
      if (this.#head !== null) then(this.#head, Buffer.concat(this.#first).subarray(0, bytesMax));
    });
  }

  /** Writes the head: WeCom's headers, then those that every answer of the route has. */
  begin(head: AnswerHead): void {
    const { status, statusText, headers } = head;
    this.#hasBegun = true;
    this.#head = head;
    this.#reply.hijack();
    const own = Object.entries(this.#reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
    this.#raw.writeHead(status, STATUS_TEXT.test(statusText) ? statusText : '', [...headers, ...own]);
  }

  /** Sends the head now, since the body may come much later. */
  flushHead(): void {
    // `flushHeaders` would write UTF-8 and change header bytes beyond ASCII.
    this.#raw.write(NOTHING);
  }

  /** @returns false when the caller does not keep up; `whenWritable` then says when to go on. */
  write(chunk: Buffer): boolean {
    this.#keepFirst(chunk);
    return this.#raw.write(chunk);
  }

  whenWritable(then: () => void): void {
    this.#raw.once('drain', then);
  }

  /** Ends the answer. If the caller does not read the rest within 30 s, its connection is cut. */
  end(): void {
    this.#raw.end();
    if (this.#raw.writableLength > 0) this.#raw.setTimeout(UNREAD_LIMIT_MS, () => this.#raw.destroy());
  }

  /** Writes the head and a short body at once. */
  whole(head: AnswerHead, body: Buffer): void {
    this.begin(head);
    this.#keepFirst(body);
    // Node writes a string together with the head. latin1 has a character for every byte.
    this.#raw.end(body.toString('latin1'), 'latin1');
  }

  #keepFirst(chunk: Buffer): void {
    if (this.#firstBytesLeft <= 0) return;
    const first = chunk.subarray(0, this.#firstBytesLeft);
    this.#firstBytesLeft -= first.length;
    this.#first.push(first);
  }

  /** Cuts the connection, so that the caller does not take a part of an answer for a whole one. */
  cut(): void {
    this.#hasBegun = true;
    this.#reply.hijack();
    this.#raw.destroy();
  }
}
