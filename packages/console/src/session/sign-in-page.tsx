import { Alert, Button, Input, type InputRef } from 'antd';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useChange } from '../api/answers.js';
import { noteFirstPage } from '../components/page.js';
import { t } from '../i18n/language.js';
import { useCell } from '../state/cell.js';
import { SignInNote } from './sign-in-note.js';
import { OidcLink, OidcProblem } from './oidc-sign-in.js';
import { interruption, session as current } from './session.js';
import { signIn } from './sign-in.js';

/** In the place of whichever page was asked for, which is there again afterwards. */
export function SignInPage() {
  const { session, common } = t();
  const id = useId();
  const [token, setToken] = useState('');
  const input = useRef<InputRef>(null);
  const change = useChange(signIn, []);
  const why = useCell(interruption);
  const oidc = useCell(current)?.oidc ?? null;
  useEffect(() => {
    document.title = `${session.title} · ${common.product}`;
  }, [session, common]);
  useEffect(() => {
    input.current?.focus();
    noteFirstPage();
  }, []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!change.isPending) change.mutate(token.trim());
  };
  return (
    <main className="alone" id="main" tabIndex={-1}>
      <h1>{session.title}</h1>
      {why !== null && (
        <Alert
          type={why === 'ended' ? 'warning' : 'info'}
          showIcon
          title={session.interrupted[why].title}
          description={session.interrupted[why].text}
        />
      )}
      <OidcProblem oidc={oidc} />
      {oidc === null ? <p>{session.intro}</p> : <OidcLink oidc={oidc} />}
      <form onSubmit={submit}>
        <label htmlFor={id}>{session.token}</label>
        <Input.Password
          id={id}
          size="large"
          autoComplete="current-password"
          required
          ref={input}
          aria-describedby={`${id}-where`}
          value={token}
          onChange={({ target }) => setToken(target.value)}
        />
        <p id={`${id}-where`} className="small muted">
          {session.whereBefore}
          <code>AUTH_OPERATOR_TOKEN</code>
          {session.whereAfter}
        </p>
        {change.error !== null && <SignInNote error={change.error} />}
        <Button type="primary" size="large" htmlType="submit" loading={change.isPending}>
          {change.isPending ? session.signingIn : session.signIn}
        </Button>
      </form>
    </main>
  );
}
