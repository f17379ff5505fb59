/** What the manager puts into the address of the page where a sign-in at the provider failed. Any link can put in something else. */
import type { Words } from '../i18n/words.js';

const PARAMETER = 'signInError';

/** Of the page that is shown. */
interface Address {
  readonly pathname: string;
  readonly search: string;
}

/** @returns `null` where there is none. */
export function signInErrorIn({ search }: Pick<Address, 'search'>): string | null {
  return new URLSearchParams(search).get(PARAMETER);
}

/** The page that was asked for, as path and query. */
export function pageAskedFor({ pathname, search }: Address): string {
  const query = new URLSearchParams(search);
  if (!query.has(PARAMETER)) return pathname + search;
  query.delete(PARAMETER);
  return query.size === 0 ? pathname : `${pathname}?${query}`;
}

export function wordsForSignInError(code: string, { session, errorCodes }: Words): string {
  const known = [session.oidcProblems, errorCodes].find((words) => Object.hasOwn(words, code));
  return (known as Readonly<Record<string, string>> | undefined)?.[code] ?? session.oidcProblem;
}
