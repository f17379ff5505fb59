import type { Dispatcher as Undici } from 'undici';
import type { ShownAnswer } from '../endpoint/carrier.js';
import { Exchange } from './exchange.js';

const SHOWN_BYTES_MAX = 1_024;

/** An exchange that keeps the beginning of the answer, where others only read it to free the connection. */
export class ShownExchange extends Exchange {
  readonly #isOver = Promise.withResolvers<void>();
  #status: number | null = null;
  #body = Buffer.alloc(0);

  /** Resolves when the puppet has ended its answer, or was given up. @returns `null` when no status came. */
  async whenAnswered(): Promise<ShownAnswer | null> {
    if (this.#status === null) return null;
    await this.#isOver.promise;
    // Leaves out a character that the limit has cut in two.
    const body = new TextDecoder().decode(this.#body, { stream: true });
    return { status: this.#status, body };
  }

  override onResponseStart(controller: Undici.DispatchController, status: number): void {
    if (status >= 200) this.#status = status;
    super.onResponseStart(controller, status);
  }

  override onResponseData(controller: Undici.DispatchController, chunk: Buffer): void {
    const room = SHOWN_BYTES_MAX - this.#body.length;
    if (room > 0) this.#body = Buffer.concat([this.#body, chunk.subarray(0, room)]);
    super.onResponseData(controller, chunk);
  }

  override onResponseEnd(): void {
    super.onResponseEnd();
    this.#isOver.resolve();
  }

  /** After a status the request is not sent again, so an error ends the answer. */
  override onResponseError(controller: Undici.DispatchController, error: Error & { code?: string }): void {
    super.onResponseError(controller, error);
    if (this.#status !== null) this.#isOver.resolve();
  }
}
