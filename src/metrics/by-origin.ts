import type { Sample } from './metrics.js';

/** Whoever may register can name any number of origins. */
const ORIGINS_MAX = 100;

/** A puppet's `scheme://host:port`. The path is left out, since it may be confidential. */
export function toOrigin(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return 'other';
  // Of a scheme that is none of the web's, URL says no origin.
  return parsed.origin === 'null' ? `${parsed.protocol}//${parsed.host}` : parsed.origin;
}

/** The origins with the most as a sample each, and the others together, which are always there. */
export function byOrigin(counts: ReadonlyMap<string, number>): Sample<'origin'>[] {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, ORIGINS_MAX);
  const others = sorted.slice(ORIGINS_MAX).reduce((sum, [, count]) => sum + count, 0);
  return [...shown, ['other', others] as const].map(([origin, value]) => ({ labels: { origin }, value }));
}
