import type { Values } from './command.js';

/** How it ended: a line for a person, or with `--json` one object. */
export function printSummary(
  { json }: Values,
  text: string,
  facts: object,
  to: NodeJS.WritableStream = process.stdout,
): void {
  to.write(`${json === true ? JSON.stringify(facts) : text}\n`);
}
