import type { ComponentChildren } from 'preact';
import { UnreachableError } from '../api/unreachable-error.js';
import type { Polled } from '../data/polled.js';
import { Loading } from './loading.js';
import { Problem } from './problem.js';

interface LoadedProps<T> {
  readonly of: Polled<T>;
  readonly children: (data: T) => ComponentChildren;
}

/**
 * What was loaded last, with why it is not newer above it. That the manager does not answer at all is said once,
 * at the top of every page.
 */
export function Loaded<T>({ of: { data, error, refresh }, children }: LoadedProps<T>) {
  if (data === null) return error === null ? <Loading /> : <Problem error={error} onRetry={refresh} />;
  return (
    <>
      {error !== null && !(error instanceof UnreachableError) && <Problem error={error} onRetry={refresh} />}
      {children(data)}
    </>
  );
}
