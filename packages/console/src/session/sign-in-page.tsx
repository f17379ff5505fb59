import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { takesFocus } from '../components/heading-focus.js';
import { Problem } from '../components/problem.js';
import { useAction } from '../data/action.js';
import { t } from '../i18n/language.js';
import { OidcLink, OidcProblem } from './oidc-sign-in.js';
import { hasSessionEnded, session as current } from './session.js';
import { signIn } from './sign-in.js';

/** In the place of whichever page was asked for, which is there again afterwards. */
export function SignInPage() {
  const { session, common } = t();
  const id = useId();
  const [token, setToken] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const action = useAction(() => signIn(token.trim()));
  const oidc = current.value?.oidc ?? null;
  useEffect(() => {
    document.title = `${session.title} · ${common.product}`;
  }, [session, common]);
  // Before it is seen: whoever types at once types into it.
  useLayoutEffect(() => {
    takesFocus();
    input.current?.focus();
  }, []);
  return (
    <main class="alone" id="main" tabIndex={-1}>
      <h1>{session.title}</h1>
      {hasSessionEnded.value && <EndedNotice />}
      <OidcProblem oidc={oidc} />
      {oidc === null ? <p>{session.intro}</p> : <OidcLink oidc={oidc} />}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run();
        }}
      >
        <label for={id}>{session.token}</label>
        <input
          id={id}
          type="password"
          autoComplete="current-password"
          required
          ref={input}
          aria-describedby={`${id}-where`}
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <p id={`${id}-where`} class="small muted">
          {session.whereBefore}
          <code>AUTH_OPERATOR_TOKEN</code>
          {session.whereAfter}
        </p>
        {action.error !== null && <Problem error={action.error} titles={{ AUTH_WRONG: session.wrong }} />}
        <button type="submit" class="button primary" aria-disabled={action.isRunning}>
          {action.isRunning ? session.signingIn : session.signIn}
        </button>
      </form>
    </main>
  );
}

function EndedNotice() {
  const { session } = t();
  return (
    <div class="banner wait" role="alert">
      <strong>{session.ended}</strong>
      <p class="small">{session.endedWhy}</p>
    </div>
  );
}
