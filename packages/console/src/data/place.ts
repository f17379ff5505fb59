/** What an entry of the browser's history remembers of its page, so that it is there again after Back. */

type Place = Readonly<Record<string, unknown>>;

export function remember(name: string, value: unknown): void {
  history.replaceState({ ...placeOf(), [name]: value }, '');
}

/** @returns null where this entry remembers nothing by that name. */
export function recall<T>(name: string): T | null {
  return (placeOf()[name] as T | undefined) ?? null;
}

/** Scrolls as far as it was, and remembers from now on how far it is. @returns what ends that. */
export function recallScroll(): () => void {
  const y = recall<number>('scrollY');
  if (y !== null) scrollTo(0, y);
  const keep = (): void => remember('scrollY', window.scrollY);
  document.addEventListener('scrollend', keep);
  return () => document.removeEventListener('scrollend', keep);
}

function placeOf(): Place {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null ? (state as Place) : {};
}
