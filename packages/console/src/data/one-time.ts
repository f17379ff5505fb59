import { useEffect, useRef, useState } from 'preact/hooks';
import { hasSessionEnded } from '../session/session.js';

/** By name, while somebody whose session has expired signs in again. */
const held = new Map<string, unknown>();

/**
 * What the manager shows once. It is gone when its page is left, or when somebody signs out; a session that expires leaves it
 * to whoever signs in again at the same page.
 */
export function useOneTime<T>(name: string): [value: T | null, set: (value: T) => void] {
  const [value, setValue] = useState<T | null>(() => takeHeld<T>(name));
  const latest = useRef(value);
  latest.current = value;
  useEffect(
    () => () => {
      if (hasSessionEnded.value && latest.current !== null) held.set(name, latest.current);
    },
    [name],
  );
  return [value, setValue];
}

function takeHeld<T>(name: string): T | null {
  const value = held.get(name) as T | undefined;
  held.delete(name);
  return value ?? null;
}

/** What is held for a page that nobody comes back to. */
export function forgetOneTime(): void {
  held.clear();
}
