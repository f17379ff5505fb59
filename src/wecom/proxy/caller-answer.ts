import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** For what WeCom has said and the caller does not read. */
const UNREAD_LIMIT_MS = 30_000;

const NOTHING = Buffer.alloc(0);

/** Characters allowed in a status line (RFC 9112, 4); nobody needs the text. */
const STATUS_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  /** Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

/** The answer to the caller of the proxy, written as it comes and past Fastify, which would want it whole or as a stream. */
export class CallerAnswer {
  readonly #reply: FastifyReply;
  readonly #raw: ServerResponse;
  #hasBegun = false;
  #head: AnswerHead | null = null;
  /** The first bytes of the answer, for whoever wants to be told of them. */
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

  /** Calls when all was written or the connection is over. */
  whenOver(then: () => void): void {
    if (this.#raw.destroyed) then();
    else this.#raw.once('close', then);
  }

  /** Calls when all of WeCom's answer was written, with its head and its first bytes. They are sent on as they come all the same. */
  whenSent(bytesMax: number, then: (head: AnswerHead, bytes: Buffer) => void): void {
    this.#firstBytesLeft = bytesMax;
    this.#raw.once('finish', () => {
      if (this.#head !== null) then(this.#head, Buffer.concat(this.#first));
    });
  }

  /** WeCom's headers, then those that every answer of the route has. */
  begin(head: AnswerHead): void {
    const { status, statusText, headers } = head;
    this.#hasBegun = true;
    this.#head = head;
    this.#reply.hijack();
    const own = Object.entries(this.#reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
    this.#raw.writeHead(status, STATUS_TEXT.test(statusText) ? statusText : '', [...headers, ...own]);
  }

  /** Sends the head now, where what follows may take its time. */
  flushHead(): void {
    // Not `flushHeaders`, which writes UTF-8: header bytes beyond ASCII would become others.
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

  /** A caller that does not read the rest has its connection cut after a while. */
  end(): void {
    this.#raw.end();
    if (this.#raw.writableLength > 0) this.#raw.setTimeout(UNREAD_LIMIT_MS, () => this.#raw.destroy());
  }

  /** Head and all of a short body. */
  whole(head: AnswerHead, body: Buffer): void {
    this.begin(head);
    this.#keepFirst(body);
    // Node sends a text in one write with the head; latin1 has a character for every byte.
    this.#raw.end(body.toString('latin1'), 'latin1');
  }

  #keepFirst(chunk: Buffer): void {
    if (this.#firstBytesLeft <= 0) return;
    const first = chunk.subarray(0, this.#firstBytesLeft);
    this.#firstBytesLeft -= first.length;
    this.#first.push(first);
  }

  /** Cuts the connection: a caller must not take half an answer for a whole one. */
  cut(): void {
    this.#hasBegun = true;
    this.#reply.hijack();
    this.#raw.destroy();
  }
}
