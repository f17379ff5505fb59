import { randomBytes } from 'node:crypto';
import { randomLettersAndDigits } from '../../kernel/random-text.js';
import { type Invocation, UsageError } from '../command.js';
import { EXIT_CODE } from '../exit-code.js';
import { printSummary } from '../summary.js';
import { GENERATED, type Generated } from './generated.js';

export async function generateKeys({ values, words: [name] }: Invocation): Promise<number> {
  const chosen = GENERATED.filter((one) => name === undefined || one.name === name);
  if (chosen.length === 0) {
    throw new UsageError(
      `there is no ${name} to generate, only ${GENERATED.map((one) => one.name).join(', ')}`,
    );
  }
  const made = chosen.map((one) => ({ ...one, value: newValue(one.form) }));
  const text = name === undefined ? made.map(toLine).join('\n') : (made[0]?.value ?? '');
  printSummary(values, text, Object.fromEntries(made.map(({ label, value }) => [label, value])));
  return EXIT_CODE.ok;
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

/** What is no setting is a comment, so that all of it can be kept as `.env`. */
function toLine({ label, isSetting, value }: Generated & { readonly value: string }): string {
  return isSetting ? `${label}=${value}` : `# ${label} for the callback settings in WeCom: ${value}`;
}
