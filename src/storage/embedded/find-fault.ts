import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Clock, SystemClock } from '../../kernel/clock.js';

/** A store may be large and its disk slow, so the check as a whole has no limit. */
const STALLED_MS = 120_000;
const STALLED = `no record could be read for ${STALLED_MS / 1_000} s`;
const TOLD_EVERY_MS = 15_000;
const PROGRAM = fileURLToPath(new URL('./check-store.js', import.meta.url));

/**
 * Reads the whole store once in a process of its own, since a damaged page ends the one that meets it.
 * @param tell is called every 15 s at most, for as long as it takes, with how many records were read.
 * @param program prints that number, a line each, at most once a second.
 * @returns why the store cannot be used; `null` when all of it can be read.
 */
export async function findFaultOf(
  dataFile: string,
  tell: (records: number) => void,
  clock: Clock = new SystemClock(),
  program = PROGRAM,
): Promise<{ readonly isStalled: boolean; readonly reason: string } | null> {
  // Under the test runner there is no compiled program; the end-to-end tests run the built one.
  if (!existsSync(program)) return null;
  const child = spawn(process.execPath, [program, dataFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  let isStalled = false;
  const limit = () =>
    clock.after(STALLED_MS, () => {
      isStalled = true;
      child.kill('SIGKILL');
    });
  let timer = limit();
  let toldAtMs = clock.elapsedMs();
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  createInterface({ input: child.stdout }).on('line', (records) => {
    timer.cancel();
    timer = limit();
    if (clock.elapsedMs() - toldAtMs < TOLD_EVERY_MS) return;
    toldAtMs = clock.elapsedMs();
    tell(Number(records));
  });
  const { promise: ended, resolve } = Promise.withResolvers<string | null>();
  child.on('error', (error) => resolve(String(error)));
  child.on('close', (code, signal) => {
    if (signal !== null) resolve(`reading it ended by ${signal}`);
    else resolve(code === 0 ? null : said.trim());
  });
  const reason = await ended;
  timer.cancel();
  if (isStalled) return { isStalled, reason: STALLED };
  return reason === null ? null : { isStalled, reason };
}
