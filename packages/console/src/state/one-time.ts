import { useEffect, useRef, useState } from 'react';
import { interruption } from '../session/session.js';

/** By name, while somebody whose session has expired signs in again. */
const held = new Map<string, unknown>();

/**
 * A secret that the manager shows once. It is gone when its page is left, or when somebody signs out; a session that expires
 * leaves it to whoever signs in again at the same page.
 */
export function useOneTime<T>(name: string): [value: T | null, set: (value: T) => void] {
  const [value, setValue] = useState<T | null>(() => (held.get(name) as T | undefined) ?? null);
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  }, [value]);
  useEffect(() => {
    held.delete(name);
    return () => {
      if (interruption.value !== null && latest.current !== null) held.set(name, latest.current);
    };
  }, [name]);
  return [value, setValue];
}

/** Drops secrets held for a page that nobody comes back to. */
export function forgetOneTime(): void {
  held.clear();
}
