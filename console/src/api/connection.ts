import { signal } from '@preact/signals';

/** Since when no request has been answered, epoch milliseconds; null while the manager answers. */
export const lostSinceMs = signal<number | null>(null);

export function connectionLost(): void {
  lostSinceMs.value ??= Date.now();
}

export function connectionHeld(): void {
  lostSinceMs.value = null;
}
