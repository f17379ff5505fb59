import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { StatusAnswer } from '../api/answers.gen.js';
import type { Polled } from './polled.js';

/** Asked for once, for the navigation and whichever page is open. */
export const StatusContext = createContext<Polled<StatusAnswer>>({
  data: null,
  error: null,
  refresh: () => {},
});

export function useStatus(): Polled<StatusAnswer> {
  return useContext(StatusContext);
}
