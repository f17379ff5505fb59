import { useEffect, useState } from 'preact/hooks';
import type { SignInByOidcAnswer } from '../api/answers.gen.js';
import { t } from '../i18n/language.js';

interface OidcProps {
  readonly oidc: SignInByOidcAnswer;
}

/** Leads to the provider, and back to the page that was asked for. */
export function OidcLink({ oidc }: OidcProps) {
  const { session } = t();
  const to = encodeURIComponent(location.pathname + location.search);
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

const PARAMETER = 'signInError';

/** What came of the sign-in at the provider, where that sent the browser back with an error; told once. */
export function OidcProblem({ oidc }: { readonly oidc: SignInByOidcAnswer | null }) {
  const { session, errorCodes } = t();
  const [code] = useState(() => new URLSearchParams(location.search).get(PARAMETER));
  useEffect(() => {
    if (code !== null) history.replaceState(history.state, '', location.pathname);
  }, [code]);
  if (code === null) return null;
  const problems: Readonly<Record<string, string>> = session.oidcProblems;
  return (
    <div class="problem" role="alert">
      <strong>{session.notSignedIn}</strong>
      <p>{(Object.hasOwn(problems, code) ? problems[code] : errorCodes[code]) ?? session.oidcProblem}</p>
      {code === 'AUTH_OIDC_NO_ROLE' && oidc !== null && (
        <p>
          {session.claimLookedAt} <code>{oidc.groupsClaim}</code>
        </p>
      )}
    </div>
  );
}
