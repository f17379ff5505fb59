/** What the benches of single parts share. */
import type { Bench } from 'tinybench';

export function benchOptions(name: string) {
  return { name, time: 1_000, warmupTime: 300 };
}

/** Gives the items one after another, for ever, so that no run sees the same input twice in a row. */
export function inTurn<T>(items: readonly T[]): () => T {
  let at = 0;
  return () => {
    const item = items[at];
    if (item === undefined) throw new Error('there are no items');
    at = (at + 1) % items.length;
    return item;
  };
}

/** Prints medians, and how many times as long as the first task each takes. */
export function printBench(bench: Bench): void {
  const medians = bench.tasks.map(({ name, result }) => {
    if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`);
    return { name, medianUs: result.latency.p50 * 1000 };
  });
  const [first] = medians;
  process.stdout.write(`\n${bench.name}, Node ${process.version}\n`);
  for (const { name, medianUs } of medians) {
    const times = (medianUs / (first?.medianUs ?? medianUs)).toFixed(1);
    process.stdout.write(`${medianUs.toFixed(2).padStart(9)} µs  ${times.padStart(5)} x  ${name}\n`);
  }
}
