interface HourBarsProps {
  /** For whoever does not see it. */
  readonly label: string;
  /** Oldest first. */
  readonly counts: readonly number[];
}

const HEIGHT = 20;
const BAR_MIN = 2;

/** A small bar for each count, as high as it is to the highest. */
export function HourBars({ label, counts }: HourBarsProps) {
  const top = Math.max(...counts, 1);
  const bars = counts.map((count, n) => {
    const height = count === 0 ? 0 : Math.max(BAR_MIN, (count / top) * HEIGHT);
    return height === 0 ? '' : `M${n * 4} ${HEIGHT}v${(-height).toFixed(1)}h3v${height.toFixed(1)}z`;
  });
  return (
    <svg class="hour-bars" viewBox={`0 0 ${counts.length * 4} ${HEIGHT}`} role="img" aria-label={label}>
      <path d={bars.join('')} />
    </svg>
  );
}
