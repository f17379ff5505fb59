/** Writes an input to a socket and sees what comes back. */
import { connect, type Socket } from 'node:net';
import { type Answer, readAnswers } from './answers.js';
import type { Input } from './input.js';
import { PAUSE_MS } from './kinds/slow.js';

export interface Outcome {
  readonly answers: readonly Answer[];
  /** Bytes that belong to no answer. */
  readonly stray: Buffer;
  readonly latencyMs: number;
  /** Neither answered nor closed within the input's limit. */
  readonly isLate: boolean;
}

/** For an answer too many to come. */
const GRACE_MS = 25;
const CUT_AFTER_MS = 20;
/** After so many the next input has a connection of its own. */
const INPUTS_PER_CONNECTION = 32;
const ADDRESSES = 60_000;

let addresses = 0;

/**
 * From an address of its own, where the system has all of 127.0.0.0/8: what is limited by address would
 * otherwise end the run at its first hundred inputs.
 */
function open(port: number): Socket {
  const number = addresses++ % ADDRESSES;
  const localAddress =
    process.platform === 'linux'
      ? `127.${1 + (number >> 15)}.${(number >> 7) & 255}.${1 + (number & 127)}`
      : undefined;
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress !== undefined && { localAddress }) });
  // To be cut off is what many of them are for.
  socket.on('error', () => {});
  return socket.setNoDelay(true);
}

/** Sends inputs one after the other: well-framed ones on the connection that it has, others on a new one. */
export class Connection {
  #socket: Socket | null = null;
  #uses = 0;

  constructor(private readonly port: number) {}

  async send(input: Input): Promise<Outcome> {
    if (!input.isFramed) return exchange(open(this.port), input, true);
    const isReused = this.#socket?.writable === true && this.#uses < INPUTS_PER_CONNECTION;
    if (!isReused) this.#renew();
    this.#uses++;
    const outcome = await exchange(this.#socket as Socket, input, false);
    if (outcome.answers.at(-1)?.headers.connection === 'close' || outcome.isLate) this.close();
    // A connection may be closed by either side between two requests (RFC 9112, 9.5).
    if (!isReused || outcome.isLate || outcome.answers.length > 0 || outcome.stray.length > 0) return outcome;
    this.close();
    return this.send(input);
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #renew(): void {
    this.close();
    this.#socket = open(this.port);
    this.#uses = 0;
  }
}

function exchange(socket: Socket, input: Input, isAlone: boolean): Promise<Outcome> {
  const startedMs = performance.now();
  const chunks: Buffer[] = [];
  let timer: NodeJS.Timeout;
  let seen: { answers: readonly Answer[]; end: number } = { answers: [], end: 0 };
  return new Promise((resolve) => {
    const look = (isOver: boolean) => {
      const bytes = Buffer.concat(chunks);
      seen = readAnswers(bytes, { isHead: input.isHead, isOver });
      return bytes;
    };
    const finish = (isLate: boolean, isOver = false) => {
      const stray = look(isOver).subarray(seen.end);
      clearTimeout(timer);
      stopWriting();
      socket.off('data', onData).off('close', onClose);
      if (isAlone) socket.destroy();
      resolve({ answers: seen.answers, stray, latencyMs: performance.now() - startedMs, isLate });
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      look(false);
      if (seen.answers.length === 0) return;
      if (!isAlone) return finish(false);
      if (seen.answers.length < input.answersMax || input.afterwards === 'half-closes') return;
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), GRACE_MS);
    };
    const onClose = () => finish(false, true);
    const limitMs = input.afterwards === 'cuts' ? CUT_AFTER_MS : input.limitMs;
    timer = setTimeout(() => finish(input.afterwards !== 'cuts'), limitMs);
    socket.on('data', onData).on('close', onClose);
    const stopWriting = write(socket, input);
  });
}

/** @returns what stops it half-way. */
function write(socket: Socket, { parts, afterwards }: Input): () => void {
  const [first, ...others] = parts;
  if (first !== undefined) socket.write(first);
  if (afterwards === 'half-closes') socket.end();
  if (others.length === 0) return () => {};
  const timer = setInterval(() => {
    const part = others.shift();
    if (part === undefined || !socket.writable) clearInterval(timer);
    else socket.write(part);
  }, PAUSE_MS);
  return () => clearInterval(timer);
}
