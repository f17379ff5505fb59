import { useState } from 'preact/hooks';

export interface Action {
  readonly isRunning: boolean;
  /** Why the last run failed; null while none has. */
  readonly error: Error | null;
  run(): Promise<void>;
}

/** What a person does by a button: not twice at a time, and a failure stays to be read. */
export function useAction(act: () => Promise<unknown>): Action {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const run = async (): Promise<void> => {
    if (isRunning) return;
    setRunning(true);
    setError(null);
    try {
      await act();
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setRunning(false);
    }
  };
  return { isRunning, error, run };
}
