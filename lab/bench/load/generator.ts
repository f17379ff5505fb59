/**
 * WeCom under load: connections that autocannon keeps open, each with one request under way, written from buffers
 * made beforehand. It counts every answer that is not 200 or not right, and every connection that broke under a
 * request, from the events of autocannon's connections: its own result leaves out requests whose connection closed,
 * and those that are under way when it stops.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type Client, type OnResponse } from 'autocannon';
import { Latencies } from './latencies.js';

const LAST_ANSWERS_MS = 6_000;
const REOPEN_MS = 20;
/** In seconds, but for `sampleInt`: a run ends only when it is stopped, which it looks for every 100 ms. */
const LIMITS = { duration: 1_000_000, timeout: 1_000_000, sampleInt: 100 };
const NOTHING = Buffer.alloc(0);

/** A whole request, ready to be written to a socket. */
export type Prepared = { readonly request: Buffer };

/** What is sent, in turns, and what is expected. */
export type Load<T extends Prepared> = {
  readonly requests: readonly T[];
  /** Told of each that was answered 200, and rightly. */
  readonly onAccepted?: (sent: T) => void;
  /** Whether a body that came with 200 is the answer to what was sent; WeCom's refusals are 200 as well. */
  readonly isRight?: (body: string, sent: T) => boolean;
};

export class Generator<T extends Prepared = Prepared> {
  /** Right 200 answers since the start. */
  accepted = 0;
  /** What went wrong, each with how often: `status 503`, `ECONNRESET`, `no answer`. */
  readonly failures = new Map<string, number>();
  private latencies: Latencies | undefined;
  private stopping = false;
  private next = 0;
  private readonly runs: { stop(): void }[] = [];
  /** Those that are open, each with a request under way. */
  private readonly clients = new Set<Client>();

  constructor(
    private readonly port: number,
    private readonly load: Load<T>,
  ) {}

  start(connections: number): void {
    const url = `http://127.0.0.1:${this.port}`;
    const setupClient = (client: Client) => this.drive(client);
    this.runs.push(autocannon({ ...LIMITS, url, connections, skipAggregateResult: true, setupClient }));
  }

  /** From now on durations go into the returned counter. */
  measure(): Latencies {
    this.latencies = new Latencies();
    return this.latencies;
  }

  /** Sends nothing more and waits for what is under way; what then has no answer is a failure. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.latencies = undefined;
    for (let waitedMs = 0; this.clients.size > 0 && waitedMs < LAST_ANSWERS_MS; waitedMs += 10)
      await sleep(10);
    for (const client of this.clients) this.end(client, 'no answer');
    for (const run of this.runs) run.stop();
  }

  private drive(client: Client): void {
    let sent: T | undefined;
    let sentAtMs = 0;
    this.clients.add(client);
    client.getRequestBuffer = () => sent?.request ?? NOTHING;
    client.on('request', () => {
      if (sent) this.end(client, 'closed without an answer');
      if (!this.clients.has(client)) return;
      sent = this.load.requests[this.next];
      this.next = (this.next + 1) % this.load.requests.length;
      sentAtMs = performance.now();
    });
    client.on('connError', ({ code, message }) => this.end(client, code ?? message));
    const onResponse: OnResponse = (status, body, _context, { connection, Connection = connection }) => {
      this.latencies?.add(performance.now() - sentAtMs);
      if (sent) this.take(status, body, sent);
      sent = undefined;
      if (this.stopping || /^close$/i.test(Connection ?? '')) this.end(client);
    };
    client.setRequests([{ onResponse }]);
  }

  /**
   * Another connection takes its place. The same one would go on reading where the last answer broke off, and would
   * take the next answer for that of the request that got none.
   */
  private end(client: Client, failure?: string): void {
    client.destroy();
    if (!this.clients.delete(client)) return;
    if (failure) this.fail(failure);
    if (!this.stopping) setTimeout(() => this.stopping || this.start(1), REOPEN_MS);
  }

  private take(status: number, body: string, sent: T): void {
    const { isRight, onAccepted } = this.load;
    if (status !== 200) this.fail(`status ${status}`);
    else if (isRight && !isRight(body, sent)) this.fail(`200, ${errcodeIn(body)}`);
    else {
      this.accepted += 1;
      onAccepted?.(sent);
    }
  }

  private fail(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }
}

function errcodeIn(body: string): string {
  const [, errcode] = /"errcode": *(-?[0-9]+)/.exec(body) ?? [];
  return errcode === undefined || errcode === '0' ? 'but not the answer' : `but errcode ${errcode}`;
}
