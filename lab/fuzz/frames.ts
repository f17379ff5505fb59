/**
 * `npm run fuzz:frames -w lab`: hostile frames on streams of the built manager, seeded. Whatever comes back has to be a frame of the
 * protocol or a close, a client beside them has to get its events, and the log may hold no error. `--short` sends a twentieth.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { type ManagerProcess, startManager } from '../../test/support/manager-process.js';
import { SEED } from '../../test/support/seeded.js';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(SEED) },
  },
});
const FRAMES = options.short ? 5_000 : 100_000;
const FRAMES_PER_CONNECTION = 20;
const AT_ONCE = 16;
const LIMIT_MS = 10 * 60_000;
const CORP = 'wwFuzz';
const TYPES = new Set(['ready', 'event', 'role', 'ping', 'pong', 'goaway']);
/** Of closes: WebSocket's own that a peer sends, and ours. 1006: the connection ended without one. */
const CODES = new Set([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 4001, 4003, 4008, 4009]);

const findings = new Set<string>();

const word = fc.constantFrom('hello', 'ack', 'nack', 'ping', 'pong', 'event', 'goaway', '__proto__', '');
const value = fc.oneof(
  fc.anything({ maxDepth: 2 }),
  fc.string(),
  fc.constantFrom(null, -1, 1e308, '', 'wkFuzz', ['wkFuzz'], ['*'], [[]], {}, '\u0000', '𝌆'),
);
const fields = fc.record(
  {
    type: fc.oneof({ weight: 8, arbitrary: word }, { weight: 1, arbitrary: value }),
    version: fc.oneof(fc.constant(1), value),
    clientId: fc.oneof(fc.constantFrom('a', 'b', 'c'), value),
    openKfIds: value,
    form: fc.oneof(fc.constant('wecom'), value),
    id: value,
    at: value,
    retryAfterMs: value,
    __proto__: value,
  },
  { requiredKeys: [] },
);
const hello = fc.record({
  type: fc.constant('hello'),
  version: fc.constant(1),
  clientId: fc.constantFrom('a', 'b', 'c'),
});
/** Text, mostly of JSON that has much of a frame, or bytes. */
const frame: fc.Arbitrary<string | Buffer> = fc.oneof(
  { weight: 6, arbitrary: fields.map(toText) },
  { weight: 4, arbitrary: hello.map(toText) },
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
  { weight: 1, arbitrary: fields.map((one) => toText(one).slice(0, -3)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.nat(400_000).map((length) => 'x'.repeat(length)) },
);

function toText(one: object): string {
  try {
    return JSON.stringify(one) ?? '';
  } catch {
    return '{"type":"ack","id":1}';
  }
}

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wxkf-fuzz-frames-'));
  const manager = await startManager({ DATA_DIR: dataDir });
  const limit = setTimeout(() => manager.stop('SIGKILL'), LIMIT_MS);
  try {
    await send(manager);
    const bad = manager.log.filter(({ level }) => Number(level) >= 50);
    for (const line of bad.slice(0, 5)) findings.add(`the log: ${JSON.stringify(line).slice(0, 500)}`);
    const code = await manager.stop();
    if (code !== 0) findings.add(`the manager ended with ${code}`);
  } finally {
    clearTimeout(limit);
    await manager.stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }
  for (const finding of findings) say(`FOUND: ${finding}`);
  say(
    `${FRAMES} frames, seed ${options.seed}: ${findings.size === 0 ? 'nothing found' : `${findings.size} found`}`,
  );
  process.exitCode = findings.size === 0 ? 0 : 1;
}

async function send(manager: ManagerProcess): Promise<void> {
  const [key, bystanderKey] = [await addBot(manager.url, 'wkFuzz'), await addBot(manager.url, 'wkBystander')];
  const bystander = await Bystander.open(manager.url, bystanderKey);
  const frames = fc.sample(frame, { seed: Number(options.seed), numRuns: FRAMES });
  let at = 0;
  const work = async (): Promise<void> => {
    while (at < frames.length) {
      const some = frames.slice(at, (at += FRAMES_PER_CONNECTION));
      await sendOn(manager.url, key, some);
    }
  };
  const working = Promise.all(Array.from({ length: AT_ONCE }, work));
  let isOver = false;
  void working.finally(() => {
    isOver = true;
  });
  for (let told = 0; !isOver; told++) {
    await bystander.expectEvent(manager.url);
    if (told % 100 === 0) say(`${Math.min(at, FRAMES)} of ${FRAMES} frames`);
  }
  await working;
  bystander.close();
}

/** One connection: what is left once it is closed goes over another one. */
async function sendOn(url: string, key: string, frames: (string | Buffer)[]): Promise<void> {
  while (frames.length > 0) {
    const socket = open(url, key);
    const closed = new Promise<void>((resolve) => {
      socket.on('close', (code) => {
        if (!CODES.has(code)) findings.add(`a close of ${code}`);
        resolve();
      });
    });
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { readonly type: string };
      if (!TYPES.has(type)) findings.add(`a frame of type ${type}`);
    });
    await Promise.race([new Promise<void>((resolve) => void socket.once('open', () => resolve())), closed]);
    while (frames.length > 0 && socket.readyState === socket.OPEN) {
      socket.send(frames.shift() ?? '');
      // The other side's close is seen in between.
      await new Promise((resolve) => void setImmediate(resolve));
    }
    socket.close();
    await closed;
  }
}

/** A client that behaves. */
class Bystander {
  #got = new Set<string>();
  #waiting: (() => void) | null = null;
  #told = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; id: string; token: string; at: number };
      if (frame.type === 'ping') socket.send(JSON.stringify({ type: 'pong', at: frame.at }));
      if (frame.type !== 'event') return;
      socket.send(JSON.stringify({ type: 'ack', id: frame.id }));
      this.#got.add(frame.token);
      this.#waiting?.();
    });
  }

  static async open(url: string, key: string): Promise<Bystander> {
    const socket = open(url, key);
    const bystander = new Bystander(socket);
    await new Promise((resolve) => void socket.once('open', resolve));
    socket.send(JSON.stringify({ type: 'hello', version: 1, clientId: 'bystander' }));
    return bystander;
  }

  async expectEvent(url: string): Promise<void> {
    const token = `ENC${this.#told++}`;
    const startedMs = performance.now();
    const response = await fetch(`${url}/callback/decrypted/${CORP}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ openKfId: 'wkBystander', token }),
    });
    if (response.status !== 200) findings.add(`a callback was answered ${response.status}`);
    await response.text();
    while (!this.#got.delete(token) && performance.now() - startedMs < 20_000)
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#waiting = resolve;
        }),
        new Promise((resolve) => void setTimeout(resolve, 1_000)),
      ]);
    if (performance.now() - startedMs >= 20_000) findings.add('an event of the bystander did not come');
  }

  close(): void {
    this.socket.terminate();
  }
}

function open(url: string, key: string): WebSocket {
  return new WebSocket(`${url.replace(/^http/, 'ws')}/puppetWxkfManager/stream`, {
    headers: { authorization: `Bearer ${key}` },
  });
}

async function addBot(url: string, account: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/bots`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'fuzz',
      corpId: CORP,
      openKfIds: [account],
      kind: 'stream',
      takes: 'event',
    }),
  });
  return ((await response.json()) as { readonly key: string }).key;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
