import { ApiError } from '../api/api-error.js';
import { UnreachableError } from '../api/unreachable-error.js';
import { t } from '../i18n/language.js';

interface ProblemProps {
  readonly error: Error;
  /** What it means here, by the manager's code. */
  readonly titles?: Readonly<Record<string, string>>;
  readonly onRetry?: () => void;
}

/** What went wrong, in the manager's own words where it has said any. */
export function Problem({ error, titles = {}, onRetry }: ProblemProps) {
  const { problem, tryAgain } = t().common;
  return (
    <div class="problem" role="alert">
      <strong>{titleOf(error, titles)}</strong>
      {error instanceof UnreachableError ? <p>{problem.unreachableText}</p> : <Reason error={error} />}
      {error instanceof ApiError && <ErrorOrigin error={error} />}
      {onRetry !== undefined && (
        <button type="button" class="button" onClick={onRetry}>
          {tryAgain}
        </button>
      )}
    </div>
  );
}

/** In the language of the page where that has words for it, and always in the manager's own, which name the field. */
function Reason({ error }: { readonly error: Error }) {
  const { common, errorCodes } = t();
  const words = error instanceof ApiError ? errorCodes[error.code ?? ''] : undefined;
  return (
    <>
      {words !== undefined && <p>{words}</p>}
      <p class={words === undefined ? '' : 'small muted'}>
        {common.problem.said}
        <span lang="en">{error.message}</span>
      </p>
    </>
  );
}

function ErrorOrigin({ error: { code, requestId } }: { readonly error: ApiError }) {
  const { problem } = t().common;
  return (
    <p class="small muted">
      {code !== null && (
        <>
          {problem.code} <code>{code}</code>{' '}
        </>
      )}
      {requestId !== null && (
        <>
          {problem.requestId} <code>{requestId}</code>
        </>
      )}
    </p>
  );
}

function titleOf(error: Error, titles: Readonly<Record<string, string>>): string {
  const { problem } = t().common;
  if (error instanceof UnreachableError) return problem.unreachable;
  if (!(error instanceof ApiError)) return problem.failed;
  return titles[error.code ?? ''] ?? problem.refused;
}
