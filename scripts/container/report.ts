/** What the check prints, and how it fails. */

const startedMs = performance.now();

/** One line, with the seconds since the start. */
export function say(line: string): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${seconds.padStart(6)} s  ${line}\n`);
}

/** @throws Error that names every promise that does not hold, so that one run shows all there is to mend. */
export function expectAll(file: string, promises: Readonly<Record<string, boolean>>): void {
  const rows = Object.entries(promises);
  const broken = rows.filter(([, holds]) => !holds).map(([promise]) => `\n  - ${promise}`);
  if (broken.length > 0) throw new Error(`${file}: does not hold:${broken.join('')}`);
  say(`${file}: ${rows.length} promises hold`);
}
