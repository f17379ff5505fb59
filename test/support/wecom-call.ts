import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

const TEXT_BYTES_MAX = 65_536;
const API_ROOT = '/cgi-bin/';

/** One request as it came to the simulated WeCom. It is there from its head on, and grows while its body arrives. */
export class WecomCall {
  readonly method: string;
  /** Path and query as they came over the wire. */
  readonly target: string;
  readonly path: string;
  /** What follows `/cgi-bin/` in the path, for instance `kf/send_msg`; for any other path that path. */
  readonly api: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came over the wire. */
  readonly rawHeaders: readonly string[];
  /** How much of the body has arrived. */
  bodyBytes = 0;
  /** Of the body, hex; `null` until it has arrived to its end. */
  sha256: string | null = null;
  /** The body; `null` until it has arrived to its end, and when it has more than 64 kB. */
  text: string | null = null;
  /** Whether the answer was handed to the socket to its end, or the connection was lost before, by either side. */
  readonly ended: Promise<'answered' | 'cut'>;
  readonly #waiting = new Set<{ readonly bytes: number; readonly resolve: () => void }>();

  constructor(
    private readonly request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    const [path = '', query] = this.target.split(/\?(.*)/s);
    this.path = path;
    this.api = path.startsWith(API_ROOT) ? path.slice(API_ROOT.length) : path;
    this.query = Object.fromEntries(new URLSearchParams(query));
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.ended = new Promise((resolve) => {
      response.once('close', () => resolve(response.writableFinished ? 'answered' : 'cut'));
    });
  }

  /** Resolves when at least so much of the body has arrived. */
  received(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.bodyBytes >= bytes) resolve();
      else this.#waiting.add({ bytes, resolve });
    });
  }

  /** Reads the body. @returns false when the caller broke off. */
  async readBody(): Promise<boolean> {
    const hash = createHash('sha256');
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of this.request as AsyncIterable<Buffer>) {
        hash.update(chunk);
        this.#grow(chunk.length);
        if (this.bodyBytes <= TEXT_BYTES_MAX) chunks.push(chunk);
      }
    } catch {
      return false;
    }
    this.sha256 = hash.digest('hex');
    this.text = this.bodyBytes <= TEXT_BYTES_MAX ? Buffer.concat(chunks).toString('utf8') : null;
    return true;
  }

  #grow(bytes: number): void {
    this.bodyBytes += bytes;
    for (const waiting of this.#waiting) {
      if (waiting.bytes > this.bodyBytes) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
