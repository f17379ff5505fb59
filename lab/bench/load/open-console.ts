/** A console that somebody has open, by what it asks for: the live page's stream is read, and the other pages' answers. */
import { Agent, get, type IncomingMessage } from 'node:http';

/** As `packages/console/src` has them, see `usePolled`. */
const POLLS = [
  { path: '/api/v1/status', everyMs: 3_000 },
  { path: '/api/v1/history?range=1h', everyMs: 5_000 },
  { path: '/api/v1/accounts?limit=50', everyMs: 5_000 },
] as const;
const DELIVERY = 'event: delivery\n';

export class OpenConsole {
  /** Deliveries that it was shown. */
  shown = 0;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #failed = Promise.withResolvers<never>();
  #isClosed = false;

  private constructor(private readonly port: number) {
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when the stream has begun. @throws Error when it is refused. */
  static async open(port: number): Promise<OpenConsole> {
    const opened = new OpenConsole(port);
    const stream = await opened.#get('/api/v1/stream');
    stream.setEncoding('latin1').on('data', (text: string) => opened.#read(text));
    stream.once('close', () => opened.#fail(new Error('the stream of a console ended')));
    for (const { path, everyMs } of POLLS) {
      const poll = () => void opened.#poll(path).catch((error) => opened.#fail(error));
      poll();
      opened.#timers.push(setInterval(poll, everyMs));
    }
    return opened;
  }

  /** @throws Error when something that it asked for did not come. */
  async with<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#failed.promise]);
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#agent.destroy();
  }

  /** An event that is cut in two between its name and its data is not counted, of which there are few. */
  #read(text: string): void {
    for (let at = text.indexOf(DELIVERY); at >= 0; at = text.indexOf(DELIVERY, at + 1)) this.shown += 1;
  }

  async #poll(path: string): Promise<void> {
    const answer = await this.#get(path);
    for await (const _chunk of answer);
  }

  #get(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.port, path, agent: this.#agent }, (response) => {
        if (response.statusCode === 200) resolve(response);
        else reject(new Error(`a console was answered ${response.statusCode} to ${path}`));
      }).once('error', reject);
    });
  }

  #fail(error: Error): void {
    if (!this.#isClosed) this.#failed.reject(error);
  }
}
