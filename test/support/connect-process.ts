/** `wxkf-manager connect` as a process of its own, as whoever has a bot without an address runs it. */
import { LineProcess } from '../../packages/simulator/demo/line-process.js';
import { leftovers } from './leftovers.js';

/** @param env besides the key. */
export function startConnect(
  key: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): LineProcess {
  const connect = new LineProcess('dist/cli.js', {
    env: { ...env, WXKF_KEY: key },
    args: ['connect', ...args],
  });
  const kill = () => void connect.stop('SIGKILL');
  leftovers.add(kill);
  void connect.exited.then(() => leftovers.delete(kill));
  return connect;
}
