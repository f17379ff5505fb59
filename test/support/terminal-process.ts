/** A process on a terminal of its own, as a person starts it. `script` (util-linux) makes the terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { leftovers } from './leftovers.js';
import { COMPILE_CACHE } from './manager-process.js';
import { until } from './until.js';

const CTRL_C = '\u0003';

/**
 * Runs a command of a shell until its output has the text, then sends Ctrl-C.
 * @returns its whole output
 */
export async function seenInTerminal(
  command: string,
  text: string,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<string> {
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  leftovers.add(kill);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  const closed = once(child, 'close').finally(() => leftovers.delete(kill));
  await until(() => output.includes(text) || child.exitCode !== null);
  child.stdin.end(CTRL_C);
  await closed;
  return output.replaceAll('\r', '');
}
