import { useState } from 'react';
import { managerAheadMs } from '../../state/manager-time.js';

const MINUTE_MS = 60_000;

/** How far back is looked. */
export const RANGES = { '15m': 15, '1h': 60, '24h': 1_440, '3d': 4_320 } as const;
export type Range = keyof typeof RANGES | 'custom';

const DEFAULT: Range = '3d';

export const isRange = (text: string): text is Range => text === 'custom' || Object.hasOwn(RANGES, text);

interface Chosen {
  readonly range: string;
  readonly from: string;
  readonly to: string;
}

/** What the address says. Where it says nothing, it is three days, which is how long the log is kept by default. */
export function rangeOf({ range, from, to }: Chosen): Range {
  if (isRange(range)) return range;
  return from === '' && to === '' ? DEFAULT : 'custom';
}

/** From when and until when. A range of so many minutes begins so long before it was chosen, and grows from there. */
export function useTimes(chosen: Chosen): { from: string; to: string } {
  const range = rangeOf(chosen);
  const [start, setStart] = useState({ range, from: startOf(range) });
  if (start.range !== range) setStart({ range, from: startOf(range) });
  if (range === 'custom') return { from: chosen.from, to: chosen.to };
  return { from: start.from, to: '' };
}

function startOf(range: Range): string {
  if (range === 'custom') return '';
  return new Date(Date.now() + managerAheadMs() - RANGES[range] * MINUTE_MS).toISOString();
}
