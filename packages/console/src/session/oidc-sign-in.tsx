import { Alert, Button } from 'antd';
import { useEffect, useState } from 'react';
import type { SignInByOidcAnswer } from '../api/answers.gen.js';
import { t } from '../i18n/language.js';
import { pageAskedFor, signInErrorIn, wordsForSignInError } from './sign-in-error.js';

/** Leads to the provider, and back to the page that was asked for. */
export function OidcLink({ oidc }: { readonly oidc: SignInByOidcAnswer }) {
  const { session } = t();
  const to = encodeURIComponent(pageAskedFor(location));
  return (
    <>
      <p>{session.introOidc}</p>
      <Button type="primary" size="large" href={`${oidc.url}?to=${to}`}>
        {session.signInWith(oidc.provider)}
      </Button>
      <p>{session.orToken}</p>
    </>
  );
}

/** What came of the sign-in at the provider, where that sent the browser back with an error; told once. */
export function OidcProblem({ oidc }: { readonly oidc: SignInByOidcAnswer | null }) {
  const words = t();
  const { session } = words;
  const [code] = useState(() => signInErrorIn(location));
  useEffect(() => {
    if (code !== null) history.replaceState(history.state, '', pageAskedFor(location));
  }, [code]);
  if (code === null) return null;
  const isNoRole = code === 'AUTH_OIDC_NO_ROLE' && oidc !== null;
  return (
    <Alert
      type="error"
      showIcon
      title={session.notSignedIn}
      description={
        <>
          <p>{wordsForSignInError(code, words)}</p>
          {isNoRole && (
            <p>
              {session.claimLookedAt} <code>{oidc.groupsClaim}</code>
            </p>
          )}
        </>
      }
    />
  );
}
