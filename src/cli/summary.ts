/** How it ended: a line for a person, or with `--json` one object. */
export function printSummary(
  { json }: { readonly json?: boolean },
  text: string,
  facts: object,
  to: NodeJS.WritableStream = process.stdout,
): void {
  to.write(`${json ? JSON.stringify(facts) : text}\n`);
}
