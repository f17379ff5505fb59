/**
 * Ports that stay ours while nobody listens on them. Below the range from which the kernel gives ports to
 * outgoing connections: a connection to a port of that range where nobody listens now and then connects to
 * itself, or takes the port from a puppet that is down.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

const FIRST = 20_000;
const BLOCKS = 60;
const BLOCK_SIZE = 200;

/** Of the block in use, and where it ends. */
let next = 0;
let end = 0;
/** Listen on the first port of each block that is ours, so that runs which overlap take others. */
const claims: Server[] = [];

/** One search at a time: who asks meanwhile gets the ports that follow. */
let last: Promise<unknown> = Promise.resolve();

/** A port on which nobody listens, given to nobody else, in another run neither. */
export function stablePort(): Promise<number> {
  const found = last.then(findPort);
  last = found.catch(() => {});
  return found;
}

async function findPort(): Promise<number> {
  for (;;) {
    if (next === end) await claimBlock();
    const port = next++;
    if (await isFree(port)) return port;
  }
}

async function claimBlock(): Promise<void> {
  for (let block = 0; block < BLOCKS; block++) {
    const first = FIRST + block * BLOCK_SIZE;
    const claim = await listen(first);
    if (claim === null) continue;
    claims.push(claim.unref());
    next = first + 1;
    end = first + BLOCK_SIZE;
    return;
  }
  throw new Error('no free ports');
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  server?.close();
  return server !== null;
}

/** @returns `null` where somebody listens already. */
async function listen(port: number): Promise<Server | null> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}
