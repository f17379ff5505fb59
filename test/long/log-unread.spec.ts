import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from '@jest/globals';
import { programOf } from '../support/log-program.js';

it('a log to a pipe that nobody reads is dropped beyond 4 MiB, and the process ends all the same', async () => {
  const statements = `const before = process.memoryUsage().rss;
    for (let n = 0; n < 100_000; n++) log.info({ filling: 'x'.repeat(1_000) }, 'thing.done');
    process.stderr.write(String(process.memoryUsage().rss - before));`;
  const program = spawn(process.execPath, programOf(statements), { stdio: ['ignore', 'pipe', 'pipe'] });
  program.stdout?.pause();
  const [said, [, signal]] = await Promise.all([text(program.stderr), once(program, 'exit')]);
  expect(Number(said)).toBeLessThan(90 * 1_024 * 1_024);
  expect(signal).toBe('SIGKILL');
  // What nobody has read would keep this process open.
  program.stdout?.destroy();
});
