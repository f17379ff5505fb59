/** Reads the values of the options of `connect`. */
import { InvalidArgumentError } from 'commander';
import { ID_FORMAT } from '../../kernel/wecom-format.js';
import { CLIENT_ID_FORMAT } from '../../stream/protocol/frames.js';

/** @throws InvalidArgumentError */
export function toManagerUrl(text: string): URL {
  const url = toUrl(text);
  if (url.search !== '' || url.username !== '' || url.password !== '')
    throw new InvalidArgumentError('It must have no query and no user; the key belongs into WXKF_KEY.');
  return url;
}

/** @throws InvalidArgumentError */
export function toForwardUrl(text: string): URL {
  const url = toUrl(text);
  if (url.username !== '' || url.password !== '') throw new InvalidArgumentError('It must have no user.');
  return url;
}

/** @throws InvalidArgumentError */
export function toClientId(text: string): string {
  if (!CLIENT_ID_FORMAT.pattern.test(text))
    throw new InvalidArgumentError(`It must be ${CLIENT_ID_FORMAT.expected}.`);
  return text;
}

/** @throws InvalidArgumentError */
export function toAccounts(text: string): readonly string[] {
  const accounts = text.split(',').map((account) => account.trim());
  if (!accounts.every((account) => ID_FORMAT.pattern.test(account)))
    throw new InvalidArgumentError('It must be open_kfids with commas between them.');
  return [...new Set(accounts)];
}

function toUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hash !== '')
    throw new InvalidArgumentError('It must be a URL with http:// or https://.');
  return url;
}
