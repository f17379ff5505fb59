/**
 * Gives the tests a MongoDB: one that is there, or the stand-in that StandIn.java describes.
 * The global setup runs this file on Node's own type stripping, so it imports no other file of ours.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const here = import.meta.dirname;
const cacheDir = resolve(here, '../../../.cache/mongo-stand-in');
const jarDir = join(cacheDir, 'lib');

const pingTimeoutMs = 5_000;
const fetchTimeoutMs = 120_000;
const readyTimeoutMs = 60_000;

export type MongoKind = 'given' | 'stand-in';

export type MongoServer = {
  readonly uri: string;
  readonly kind: MongoKind;
  /** Ends the server unless it was given. Safe to repeat. */
  stop(): Promise<void>;
};

export type StartOptions = {
  /** An existing folder that keeps the data; without one nothing outlives the server. */
  dataDir?: string;
  /** Without one, any free port. */
  port?: number;
};

/** A stand-in of a test's own, to be stalled and killed. */
export type StandIn = {
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  /** Lets it end by itself, also when paused. Safe to repeat. */
  stop(): Promise<void>;
  /** SIGKILL; every acknowledged write is in `dataDir`. Resolves when the port is free again. */
  kill(): Promise<void>;
  /**
   * SIGSTOP: connections stay open, connecting still succeeds, and from when this resolves nothing is answered
   * until `resume`.
   */
  pause(): Promise<void>;
  resume(): void;
};

/** No MongoDB of the kind that was tried could be had, and why. */
export class MongoUnavailable extends Error {
  readonly kind: MongoKind;

  constructor(kind: MongoKind, reason: string) {
    super(`No MongoDB for the tests (${kind}: ${reason})`);
    this.name = 'MongoUnavailable';
    this.kind = kind;
  }
}

/**
 * The one that MONGO_TEST_URI names, otherwise the stand-in. A given URI that does not answer is an error and
 * not passed over, and `options` do not apply to it.
 * @throws MongoUnavailable; nothing was left running.
 */
export async function startMongo(options: StartOptions = {}): Promise<MongoServer> {
  const given = process.env.MONGO_TEST_URI;
  if (given) return useGiven(given);

  try {
    const standIn = await startStandIn(options);
    return { uri: standIn.uri, kind: 'stand-in', stop: standIn.stop };
  } catch (error) {
    throw new MongoUnavailable('stand-in', firstLine(error));
  }
}

async function useGiven(uri: string): Promise<MongoServer> {
  const { default: mongoose } = await import('mongoose');
  try {
    const client = new mongoose.mongo.MongoClient(uri, { serverSelectionTimeoutMS: pingTimeoutMs });
    try {
      await client.db('admin').command({ ping: 1 });
    } finally {
      await client.close();
    }
  } catch (error) {
    throw new MongoUnavailable('given', `MONGO_TEST_URI does not answer: ${firstLine(error)}`);
  }
  return { uri, kind: 'given', stop: async () => {} };
}

/**
 * Starts the stand-in, fetching its jars first when they are not in the cache. Started again on the same
 * `dataDir` and `port` it has its data back. It ends with this process, however this process ends.
 * @throws Error without Java 17, without jars and a way to get them, or when the port or the data are in use.
 */
export async function startStandIn({ dataDir, port = 0 }: StartOptions = {}): Promise<StandIn> {
  await prepareStandIn();
  const dataFile = dataDir === undefined ? '' : join(dataDir, 'stand-in.h2');
  // The serial collector and the first compiler alone start it in two thirds of the time.
  const flags = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', '-cp', join(jarDir, '*')];
  const child = spawn('java', [...flags, join(here, 'StandIn.java'), dataFile, String(port)]);
  const exited = new Promise<void>((done) => child.once('close', () => done()));
  const boundPort = await untilReady(child);
  letParentEnd(child);

  let watch: ChildProcess | undefined;
  const resume = () => {
    child.kill('SIGCONT');
    watch?.kill('SIGKILL');
    watch = undefined;
  };
  return {
    uri: `mongodb://127.0.0.1:${boundPort}/`,
    port: boundPort,
    pid: pidOf(child),
    stop: () => {
      resume();
      child.ref();
      child.stdin?.end();
      return exited;
    },
    kill: () => {
      watch?.kill('SIGKILL');
      child.ref();
      child.kill('SIGKILL');
      return exited;
    },
    pause: async () => {
      watch ??= killWithParent(child);
      child.kill('SIGSTOP');
      await untilStopped(pidOf(child));
    },
    resume,
  };
}

/**
 * Makes the stand-in startable: fetches its jars once for each version of pom.xml.
 * @throws Error with one line that says what is missing.
 */
export async function prepareStandIn(): Promise<void> {
  await run('java', ['-version'], 'Java 17');
  const pom = join(here, 'pom.xml');
  const fetchedPom = join(cacheDir, 'pom.xml');
  const [wanted, fetched] = await Promise.all([readFile(pom), readFile(fetchedPom).catch(() => null)]);
  if (fetched?.equals(wanted)) return;

  await mkdir(cacheDir, { recursive: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${jarDir}`];
  await run('mvn', ['-q', '-B', '-f', pom, ...goal], 'Maven');
  await copyFile(pom, fetchedPom);
}

async function run(program: string, args: string[], name: string): Promise<void> {
  try {
    await promisify(execFile)(program, args, { timeout: fetchTimeoutMs });
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${name} is not installed (no ${program})`);
    throw new Error(`${program} failed: ${firstLine(stdout || stderr || error)}`);
  }
}

/** The port it listens on. A child that ends or says nothing in time is an error, and is gone then. */
async function untilReady(child: ChildProcess): Promise<number> {
  const complaints: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => complaints.push(text));
  const timer = setTimeout(() => child.kill('SIGKILL'), readyTimeoutMs);
  try {
    return await new Promise<number>((ready, fail) => {
      child.once('error', fail);
      child.once('close', () => fail(new Error(`the stand-in ended: ${firstLine(complaints.join(''))}`)));
      if (!child.stdout) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const port = /^ready (\d+)$/.exec(line)?.[1];
        if (port) ready(Number(port));
      });
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The pipes stay open, since their end is what ends the child, but hold no event loop. */
function letParentEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as { unref?(): void } | null)?.unref?.();
  }
}

/** A stopped process cannot notice that its input ended, so a shell does and kills it. */
function killWithParent(child: ChildProcess): ChildProcess {
  const watch = spawn('sh', ['-c', 'cat; kill -KILL "$0"', String(pidOf(child))], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  letParentEnd(watch);
  return watch;
}

/** `kill` returns while the signal is still on its way, and until each thread has taken it the server answers. */
async function untilStopped(pid: number): Promise<void> {
  for (;;) {
    const threads = await readdir(`/proc/${pid}/task`);
    // A thread that ends just now cannot be read.
    const stats = threads.map((thread) =>
      readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ''),
    );
    if ((await Promise.all(stats)).every((stat) => /\) T /.test(stat))) return;
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the process was never started');
  return child.pid;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n', 1)[0] ?? '';
}
