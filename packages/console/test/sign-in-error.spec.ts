/** What the sign-in says where the one at the provider failed, and where it leads to afterwards. */
import { describe, expect, it } from '@jest/globals';
import { chinese } from '../src/i18n/chinese.js';
import { english } from '../src/i18n/english.js';
import { pageAskedFor, signInErrorIn, wordsForSignInError } from '../src/session/sign-in-error.js';

describe.each([english, chinese])('the error of a sign-in', (words) => {
  const { oidcProblem, oidcProblems } = words.session;

  it('is told in words of its own', () => {
    expect(wordsForSignInError('AUTH_OIDC_NO_ROLE', words)).toBe(oidcProblems.AUTH_OIDC_NO_ROLE);
  });

  it.each(['__proto__', 'constructor', 'toString', 'X', ''])(
    'is told as text, whatever a link has: %j',
    (code) => {
      const search = `?${new URLSearchParams({ signInError: code })}`;
      expect(wordsForSignInError(signInErrorIn({ search }) ?? 'none', words)).toBe(oidcProblem);
    },
  );
});

it.each([
  ['', '/console'],
  ['?signInError=AUTH_OIDC_REFUSED', '/console'],
  ['?state=dead&q=a%20b', '/console?state=dead&q=a%20b'],
  ['?state=dead&q=%E7%8E%8B&signInError=AUTH_OIDC_REFUSED', '/console?state=dead&q=%E7%8E%8B'],
  ['?signInError=X&state=dead&signInError=Y', '/console?state=dead'],
])('the page that was asked for is found without it: %j', (search, page) => {
  expect(pageAskedFor({ pathname: '/console', search })).toBe(page);
});

it('there is none where none is in the address', () => {
  expect(signInErrorIn({ search: '?state=dead' })).toBeNull();
});
