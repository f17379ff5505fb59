import { Alert, Button } from 'antd';
import { ApiError } from '../api/api-error.js';
import { UnreachableError } from '../api/unreachable-error.js';
import { t } from '../i18n/language.js';

interface ErrorNoteProps {
  readonly error: Error;
  /** What it means here, by the manager's code. */
  readonly titles?: Readonly<Record<string, string>>;
  readonly onRetry?: () => void;
}

/** What went wrong, in the language of the page where that has words for it, and in the manager's own, which name the field. */
export function ErrorNote({ error, titles = {}, onRetry }: ErrorNoteProps) {
  const { problem, tryAgain } = t().common;
  return (
    <Alert
      type="error"
      showIcon
      className="note"
      title={titleOf(error, titles)}
      description={error instanceof UnreachableError ? problem.unreachableText : <Reason error={error} />}
      action={onRetry !== undefined && <Button onClick={onRetry}>{tryAgain}</Button>}
    />
  );
}

function Reason({ error }: { readonly error: Error }) {
  const { common, errorCodes } = t();
  const { code = null, requestId = null } = error instanceof ApiError ? error : {};
  const words = code === null ? undefined : errorCodes[code];
  return (
    <>
      {words !== undefined && <p>{words}</p>}
      <p>
        {common.problem.said}
        <span lang="en">{error.message}</span>
      </p>
      <p className="small muted">
        {code !== null && (
          <>
            {common.problem.code} <code>{code}</code>{' '}
          </>
        )}
        {requestId !== null && (
          <>
            {common.problem.requestId} <code>{requestId}</code>
          </>
        )}
      </p>
    </>
  );
}

function titleOf(error: Error, titles: Readonly<Record<string, string>>): string {
  const { problem } = t().common;
  if (error instanceof UnreachableError) return problem.unreachable;
  if (!(error instanceof ApiError)) return problem.failed;
  return titles[error.code ?? ''] ?? problem.refused;
}
