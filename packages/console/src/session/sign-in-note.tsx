import { Alert } from 'antd';
import { ApiError } from '../api/api-error.js';
import { UnreachableError } from '../api/unreachable-error.js';
import { t } from '../i18n/language.js';

/** Why a sign-in failed and what to do, for anybody; what the manager said of it opens on a click. */
export function SignInNote({ error }: { readonly error: Error }) {
  const { session, common } = t();
  const { code = null, requestId = null } = error instanceof ApiError ? error : {};
  const key = error instanceof UnreachableError ? 'UNREACHABLE' : (code ?? '');
  const { title, text } = Object.hasOwn(session.problems, key)
    ? session.problems[key as keyof typeof session.problems]
    : session.otherProblem;
  return (
    <Alert
      type="error"
      showIcon
      title={title}
      description={
        <>
          <p>{text}</p>
          <details className="small">
            <summary>{session.details}</summary>
            <p lang="en">{error.message}</p>
            {code !== null && (
              <p>
                {common.problem.code} <code>{code}</code>
              </p>
            )}
            {requestId !== null && (
              <p>
                {common.problem.requestId} <code>{requestId}</code>
              </p>
            )}
          </details>
        </>
      }
    />
  );
}
