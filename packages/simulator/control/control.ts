/**
 * The page at `/` and the API that it uses: GET /simulator/view, GET /simulator/stream, POST /simulator/<command>.
 * Answers are JSON; a refusal is 400 `{"message"}`, with WeCom's errcode where WeCom has one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refused, refusal } from '../api/answers.js';
import { sendStoredMedia } from '../api/media.js';
import { RequestFields } from '../api/request-fields.js';
import { readBody } from '../read-body.js';
import type { LocalWecom } from '../local-wecom.js';
import { COMMANDS, sendFile } from './commands.js';
import { foreignReason } from './local-only.js';
import { PAGE_DIR, SAFE_HEADERS, sendPageFile } from './page-files.js';
import { toView } from './view.js';
import { ViewStream } from './view-stream.js';

const ROOT = '/simulator/';
const MEDIA = 'media/';
const BODY_BYTES_MAX = 32 * 1_048_576;

export class Control {
  readonly #stream: ViewStream;

  constructor(
    private readonly simulator: LocalWecom,
    private readonly pageDir = PAGE_DIR,
  ) {
    this.#stream = new ViewStream(() => toView(simulator));
  }

  changed(): void {
    this.#stream.changed();
  }

  close(): void {
    this.#stream.close();
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const reason = foreignReason(request.headers);
    if (reason !== null) return sendJson(response, 403, { message: reason });
    if (!url.pathname.startsWith(ROOT)) return sendPageFile(response, this.pageDir, url.pathname);
    try {
      await this.#serve(request, response, url, url.pathname.slice(ROOT.length));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { errcode, errmsg } = refusal(error.errcode, error.text);
      sendJson(response, 400, { errcode, message: errmsg.replace(/, hint: .*/, '') });
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse, url: URL, name: string): Promise<void> {
    if (request.method === 'GET' || request.method === 'HEAD') return this.#read(response, name);
    const body = await readBody(request, BODY_BYTES_MAX);
    if (body === null) return sendJson(response, 413, { message: 'that is too large' });
    if (name === 'file') {
      const contentType = request.headers['content-type'] ?? 'application/octet-stream';
      return sendJson(response, 200, sendFile(this.simulator, url.searchParams, contentType, body));
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) return sendJson(response, 404, { message: `there is no command ${name}` });
    sendJson(response, 200, await command(this.simulator, RequestFields.of(body.toString('utf8'))));
  }

  #read(response: ServerResponse, name: string): void {
    if (name === 'view') sendJson(response, 200, toView(this.simulator));
    else if (name === 'stream') this.#stream.add(response, SAFE_HEADERS);
    else if (name.startsWith(MEDIA)) this.#sendMedia(response, name.slice(MEDIA.length));
    else sendJson(response, 404, { message: `there is nothing at ${ROOT}${name}` });
  }

  #sendMedia(response: ServerResponse, mediaId: string): void {
    for (const [header, value] of Object.entries(SAFE_HEADERS)) response.setHeader(header, value);
    sendStoredMedia(response, this.simulator.corp, mediaId);
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...SAFE_HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}
