import { Cell } from '../state/cell.js';

/** When the manager last answered, while it does not answer, epoch milliseconds; null while it does. */
export const lostSinceMs = new Cell<number | null>(null);

let answeredAtMs = Date.now();

export function connectionLost(): void {
  lostSinceMs.value ??= answeredAtMs;
}

export function connectionHeld(): void {
  answeredAtMs = Date.now();
  lostSinceMs.value = null;
}
