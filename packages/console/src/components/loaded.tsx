import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { UnreachableError } from '../api/unreachable-error.js';
import { ErrorNote } from './error-note.js';

interface LoadedProps<T> {
  readonly of: UseQueryResult<T>;
  /** Stands there before the first answer, as high as that will be, so that nothing jumps. */
  readonly skeleton: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** The last answer, with why it is not newer above it. The shell says once that the manager does not answer at all. */
export function Loaded<T>({ of: { data, error, refetch }, skeleton, children }: LoadedProps<T>) {
  const note = error !== null && <ErrorNote error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return note || skeleton;
  return (
    <>
      {!(error instanceof UnreachableError) && note}
      {children(data)}
    </>
  );
}
