/**
 * Server-sent events: the whole view at once and after each change; changes that come together make one event. A reader
 * that does not keep up misses views, and is sent the latest when it has read the ones before.
 */
import type { ServerResponse } from 'node:http';
import type { View } from './view.js';

const TOGETHER_MS = 40;

export class ViewStream {
  readonly #readers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | null = null;

  constructor(private readonly view: () => View) {}

  add(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream' });
    response.write(this.#event());
    this.#readers.add(response);
    response.once('close', () => this.#readers.delete(response));
  }

  changed(): void {
    if (this.#readers.size === 0) return;
    this.#timer ??= setTimeout(() => this.#send(), TOGETHER_MS);
  }

  /** What has changed since the last event is told to nobody any more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#readers.clear();
  }

  #send(): void {
    this.#timer = null;
    const event = this.#event();
    for (const reader of this.#readers) {
      if (!reader.writableNeedDrain) reader.write(event);
      else if (reader.listenerCount('drain') === 0) reader.once('drain', () => reader.write(this.#event()));
    }
  }

  #event(): string {
    return `event: view\ndata: ${JSON.stringify(this.view())}\n\n`;
  }
}
