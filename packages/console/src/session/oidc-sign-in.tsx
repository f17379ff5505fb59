import { useEffect, useState } from 'preact/hooks';
import type { SignInByOidcAnswer } from '../api/answers.gen.js';
import { t } from '../i18n/language.js';
import { pageAskedFor, signInErrorIn, wordsForSignInError } from './sign-in-error.js';

interface OidcProps {
  readonly oidc: SignInByOidcAnswer;
}

/** Leads to the provider, and back to the page that was asked for. */
export function OidcLink({ oidc }: OidcProps) {
  const { session } = t();
  const to = encodeURIComponent(pageAskedFor(location));
  return (
    <>
      <p>{session.introOidc}</p>
      <p>
        {/* Not a page of the console, whose router leaves links with a target alone. */}
        <a class="button primary" href={`${oidc.url}?to=${to}`} target="_top">
          {session.signInWith(oidc.provider)}
        </a>
      </p>
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
  return (
    <div class="problem" role="alert">
      <strong>{session.notSignedIn}</strong>
      <p>{wordsForSignInError(code, words)}</p>
      {code === 'AUTH_OIDC_NO_ROLE' && oidc !== null && (
        <p>
          {session.claimLookedAt} <code>{oidc.groupsClaim}</code>
        </p>
      )}
    </div>
  );
}
