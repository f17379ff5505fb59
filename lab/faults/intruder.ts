/**
 * Somebody without any secret who keeps connections open from one address and does on each the same thing. A thread of
 * its own, so that what it costs to be hostile is not measured as the time that others wait.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface Intrusion {
  readonly port: number;
  readonly localAddress: string;
  readonly connections: number;
  /** What is written on each: the whole of it, and nothing after. */
  readonly sent: string;
  /** Else the answers stay where they are. */
  readonly reads: boolean;
}

/** As long as the manager waits for a request. A connection that is closed, or was held so long, is opened again. */
const HELD_MS = 60_000;
/** 200 a second, one after the other as they come over a network: what is measured is what they hold, not a burst. */
const OPENED_PER_TICK_MAX = 2;
const TICK_MS = 10;

/** From `begin` until it is stopped. */
export class Intruder {
  readonly #worker: Worker;

  constructor(intrusion: Intrusion) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: intrusion });
  }

  begin(): void {
    this.#worker.postMessage('begin');
  }

  /** @returns how many connections were opened. */
  async stop(): Promise<number> {
    const told = new Promise<number>((resolve) => this.#worker.once('message', resolve));
    this.#worker.postMessage('stop');
    const opened = await told;
    await this.#worker.terminate();
    return opened;
  }
}

async function intrude({ port, localAddress, connections, sent, reads }: Intrusion): Promise<void> {
  const open = new Set<Socket>();
  const bytes = Buffer.from(sent, 'latin1');
  let opened = 0;
  let isStopping = false;
  parentPort?.once('message', () => {
    isStopping = true;
  });
  while (!isStopping) {
    const missing = Math.min(OPENED_PER_TICK_MAX, connections - open.size);
    for (let n = 0; n < missing; n++) {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      opened++;
      open.add(socket);
      if (!reads) socket.pause();
      else socket.resume();
      const held = setTimeout(() => socket.destroy(), HELD_MS);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        clearTimeout(held);
        open.delete(socket);
      });
      socket.write(bytes);
    }
    await sleep(TICK_MS);
  }
  for (const socket of open) socket.destroy();
  parentPort?.postMessage(opened);
}

if (!isMainThread && parentPort !== null) {
  // They have a machine of their own: here this thread takes only the time that the others leave.
  setPriority(constants.priority.PRIORITY_LOW);
  await once(parentPort, 'message');
  await intrude(workerData as Intrusion);
}
