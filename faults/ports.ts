/**
 * Ports that stay ours while nobody listens on them. Below the range from which the kernel gives ports to
 * outgoing connections: a connection to a port of that range where nobody listens now and then connects to
 * itself, or takes the port from a puppet that is down.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 20_000;
const COUNT = 12_000;

/** Runs that overlap begin at different places. */
let next = (process.pid * 97) % COUNT;

/** A port on which nobody listens, given to nobody else in this run. */
export async function stablePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
