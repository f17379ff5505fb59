/**
 * Gives the events of a bot to its program, which needs no address that the manager can reach. Nothing is kept here: the manager
 * sends an event again that the program does not take.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { EventFrame } from '../../stream/protocol/frames.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { InterruptedError, interruptible } from '../terminal/interruption.js';
import type { Connection, Departure, Target } from './connection.js';
import { Forward, type ForwardResult } from './forward.js';
import { Link } from './link.js';

const STREAM = '/puppetWxkfManager/stream';
/** How much of the time that the manager waits is left for the way there and back. */
const MARGIN_MS = 250;
const HOST_LENGTH_MAX = 40;
const HASH_LENGTH = 8;

export interface ConnectOptions {
  readonly manager: URL;
  readonly key: string;
  readonly forward: URL;
  readonly client?: string;
  readonly accounts?: readonly string[];
  readonly json?: boolean;
}

/** @returns the exit code, once no further connection makes sense, a signal came, or nobody reads the output. */
export function connect(options: ConnectOptions): Promise<number> {
  return interruptible(async (stop) => {
    const run = new Run(options);
    const leaving = await run.until(stop);
    if (leaving === null) return endedBy(stop);
    process.stderr.write(`${leaving.reason}\n`);
    return EXIT_CODES[leaving.why];
  });
}

/** A signal is the way to end it, so that is exit code 0. A closed output is not. */
function endedBy({ reason }: AbortSignal): number {
  const isClosed = reason instanceof InterruptedError && reason.exitCode === EXIT_CODE.outputClosed;
  return isClosed ? EXIT_CODE.outputClosed : EXIT_CODE.ok;
}

const EXIT_CODES: Readonly<Record<Departure['why'], number>> = {
  later: EXIT_CODE.failed,
  invalid: EXIT_CODE.failed,
  key: EXIT_CODE.keyRefused,
  replaced: EXIT_CODE.replaced,
};

class Run {
  readonly #forward: Forward;
  readonly #link: Link;
  readonly #underWay = new Set<Promise<void>>();
  #ackMs = 0;

  constructor(private readonly options: ConnectOptions) {
    this.#forward = new Forward(options.forward);
    this.#link = new Link(toTarget(options), {
      connected: ({ ackMs, accounts }) => {
        this.#ackMs = ackMs;
        tell(`connected to ${options.manager.host} for ${accounts.length} account(s)`);
      },
      interrupted: (reason, waitMs) => tell(`${reason}; connecting again in ${waitMs / 1_000} s`),
      event: (event, connection) => this.#take(event, connection),
    });
  }

  /** Runs until `stop`, or until no further connection makes sense. Events under way are still acknowledged. */
  async until(stop: AbortSignal): Promise<Departure | null> {
    const leaving = await this.#link.run(stop);
    await Promise.all(this.#underWay);
    await this.#link.close();
    return leaving;
  }

  #take(event: EventFrame, connection: Connection): void {
    const work = this.#pass(event, connection).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #pass(event: EventFrame, connection: Connection): Promise<void> {
    const { id, ackMs = this.#ackMs } = event;
    const outcome = await this.#forward.post(event, ackMs - MARGIN_MS);
    if (outcome.isTaken) connection.ack(id);
    // The program has not answered in time. The manager notices that itself, and may have sent the event again.
    else if (!outcome.isLate) connection.nack(id, outcome.retryAfterMs);
    process.stdout.write(`${this.options.json ? toJson(event, outcome) : toLine(event, outcome)}\n`);
  }
}

function toTarget({ manager, key, client, accounts, forward }: ConnectOptions): Target {
  const url = new URL(manager);
  url.protocol = manager.protocol === 'https:' ? 'wss:' : 'ws:';
  url.pathname = manager.pathname.replace(/\/+$/, '') + STREAM;
  return { url, key, clientId: client ?? ownClientId(forward), openKfIds: accounts ?? null };
}

/** The same after a restart in the same folder, and another one for another program. */
function ownClientId(forward: URL): string {
  const hash = createHash('sha256').update(`${process.cwd()}\n${forward.href}`).digest('hex');
  const host = hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, HOST_LENGTH_MAX);
  return `${host}-${hash.slice(0, HASH_LENGTH)}`;
}

/** Tells something about the connection, on standard error. */
function tell(text: string): void {
  process.stderr.write(`${timeOf(new Date())} ${text}\n`);
}

function toLine(event: EventFrame, { status, durationMs, reason, retryAfterMs }: ForwardResult): string {
  const again = event.attempt > 1 ? `, attempt ${event.attempt}` : '';
  const head = `${timeOf(new Date())} ${event.openKfId} ${status ?? '–'} ${durationMs} ms${again}`;
  if (reason === null) return head;
  return `${head}: ${reason}${retryAfterMs === null ? '' : `; again in ${retryAfterMs / 1_000} s or later`}`;
}

function toJson(
  { id, openKfId, corpId, attempt, ageMs, message }: EventFrame,
  outcome: ForwardResult,
): string {
  const { isTaken, isLate: _isLate, ...rest } = outcome;
  const form = message === undefined ? 'event' : 'message';
  return JSON.stringify({
    at: new Date().toISOString(),
    id,
    openKfId,
    corpId,
    form,
    attempt,
    ageMs,
    taken: isTaken,
    ...rest,
  });
}

function timeOf(date: Date): string {
  return date.toTimeString().slice(0, 8);
}
