/**
 * Cuts what a socket brings into HTTP messages. It knows `Content-Length` and nothing else, because a full
 * parser on this side would cost more than the servers that are measured; a chunked message is an error.
 */
export class MessageReader {
  private rest: Buffer | undefined;

  /** @param onMessage - gets the head as it came (latin1, without the blank line) and the body. */
  constructor(private readonly onMessage: (head: string, body: Buffer) => void) {}

  /** @throws Error when a message is chunked; the socket is of no use any more. */
  push(chunk: Buffer): void {
    let data = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    while (data.length > 0) {
      const headEnd = data.indexOf('\r\n\r\n');
      if (headEnd < 0) break;
      const head = data.toString('latin1', 0, headEnd);
      const messageEnd = headEnd + 4 + bodyLength(head);
      if (messageEnd > data.length) break;
      this.onMessage(head, data.subarray(headEnd + 4, messageEnd));
      data = data.subarray(messageEnd);
    }
    this.rest = data.length > 0 ? data : undefined;
  }
}

function bodyLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length) return Number(length[1]);
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('the load test reads no chunked messages');
  return 0;
}
