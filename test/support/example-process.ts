/** An example of `examples/` as a process of its own, as whoever copies it runs it. */
import { LineProcess } from '../../packages/simulator/demo/line-process.js';
import { leftovers } from './leftovers.js';

export type ExampleProcess = LineProcess;

/** @param runtime what runs it; Node where it is left out. */
export function startExample(
  path: string,
  env: Readonly<Record<string, string>>,
  runtime?: string,
): ExampleProcess {
  const example = new LineProcess(path, {
    env: { PORT: '0', ...env },
    ...(runtime !== undefined && { runtime }),
  });
  const kill = () => void example.stop('SIGKILL');
  leftovers.add(kill);
  void example.exited.then(() => leftovers.delete(kill));
  return example;
}
