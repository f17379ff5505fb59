export const JSON_OUTPUT = ['--json', 'one JSON object on standard output instead of text'] as const;

/** The summary of a command: one line of text, or one JSON object with `--json`. */
export function printSummary(
  { json }: { readonly json?: boolean },
  text: string,
  facts: object,
  to: NodeJS.WritableStream = process.stdout,
): void {
  to.write(`${json ? JSON.stringify(facts) : text}\n`);
}
