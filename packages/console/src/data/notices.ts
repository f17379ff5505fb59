import { signal } from '@preact/signals';

/** What an action came to: read out, and seen for some seconds. */
export const notice = signal<{ readonly id: number; readonly text: string } | null>(null);

let last = 0;

export function tell(text: string): void {
  last += 1;
  notice.value = { id: last, text };
}

/** Not in place of what an action came to, which is still being read. */
export function tellInPassing(text: string): void {
  if (notice.value === null) tell(text);
}
