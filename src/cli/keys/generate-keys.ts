import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { printSummary } from '../terminal/summary.js';
import { addToEnvFile } from './env-file.js';
import { GENERATED, type Generated, toComment } from './generated.js';

type Made = Generated & { readonly value: string };

export interface GenerateOptions {
  readonly addTo?: string;
  readonly json?: boolean;
}

/** @param name of the one value to generate; left out: all. */
export async function generateKeys(name: string | undefined, options: GenerateOptions): Promise<number> {
  const chosen = GENERATED.filter((generated) => name === undefined || generated.name === name);
  const made = chosen.map((generated) => ({ ...generated, value: newValue(generated.form) }));
  if (options.addTo !== undefined) keep(options, options.addTo, made);
  else print(options, name, made);
  return EXIT_CODE.ok;
}

/** Does not print values that the file keeps. */
function keep(options: GenerateOptions, file: string, made: readonly Made[]): void {
  const { added, kept } = addToEnvFile(
    file,
    made.map((generated) => ({ of: generated, text: toLine(generated) })),
  );
  const listOf = (labels: readonly string[]): string => (labels.length === 0 ? 'nothing' : labels.join(', '));
  printSummary(options, `${file}: ${listOf(added)} added; ${listOf(kept)} there already`, {
    file,
    added,
    kept,
  });
}

function print(options: GenerateOptions, name: string | undefined, made: readonly Made[]): void {
  const text = name === undefined ? made.map(toLine).join('\n') : (made[0]?.value ?? '');
  printSummary(options, text, Object.fromEntries(made.map(({ label, value }) => [label, value])));
  if (!isWrittenToFile()) return;
  process.stderr.write(
    'the values went to a file, which others may be able to read and which may have some values twice now; --add-to FILE adds only missing values, to a file that only its owner can read\n',
  );
}

/** Whether the shell redirects the output with `>` or `>>`. */
function isWrittenToFile(): boolean {
  try {
    return fstatSync(process.stdout.fd).isFile();
  } catch {
    return false;
  }
}

function newValue(form: Generated['form']): string {
  switch (form) {
    case 'base64':
      return randomBytes(32).toString('base64');
    case 'url-safe':
      return randomBytes(32).toString('base64url');
    case 32:
    case 43:
      return randomLettersAndDigits(form);
    default:
      return form satisfies never;
  }
}

/** Values that are no settings become comments, so that the output is a valid `.env`. */
function toLine(made: Made): string {
  return made.isSetting ? `${made.label}=${made.value}` : `${toComment(made)} ${made.value}`;
}
