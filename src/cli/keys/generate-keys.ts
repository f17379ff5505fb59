import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { CommandError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { printSummary } from '../terminal/summary.js';
import { addToEnvFile } from './env-file.js';
import { GENERATED, type GeneratedSecret } from './generated.js';

type Made = GeneratedSecret & { readonly value: string };

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

/** Does not print values that the file keeps. What WeCom is given is not among them: the console makes that of each app. */
function keep(options: GenerateOptions, file: string, made: readonly Made[]): void {
  const settings = made.filter(({ isSetting }) => isSetting);
  if (settings.length === 0)
    throw new CommandError(`${listOf(made.map(({ label }) => label))} is no setting; leave --add-to out`);
  const { added, kept } = addToEnvFile(
    file,
    settings.map((generated) => ({ of: generated, text: toLine(generated) })),
  );
  printSummary(options, `${file}: ${listOf(added)} added; ${listOf(kept)} there already`, {
    file,
    added,
    kept,
  });
}

function listOf(labels: readonly string[]): string {
  return labels.length === 0 ? 'nothing' : labels.join(', ');
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

function newValue(form: GeneratedSecret['form']): string {
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
  const { label, value, isSetting } = made;
  return isSetting ? `${label}=${value}` : `# ${label} for the callback settings in WeCom: ${value}`;
}
