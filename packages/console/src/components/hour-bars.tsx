interface HourBarsProps {
  /** For whoever does not see it. */
  readonly label: string;
  /** Oldest first. */
  readonly counts: readonly number[];
}

const STEP = 4;
const HEIGHT = 20;
const BAR_MIN = 2;

/** A small bar for each count, as high as it is to the highest. */
export function HourBars({ label, counts }: HourBarsProps) {
  const top = Math.max(...counts, 1);
  const bars = counts.map((count, n) => {
    const height = count === 0 ? 0 : Math.max(BAR_MIN, (count / top) * HEIGHT);
    return height === 0 ? '' : `M${n * STEP} ${HEIGHT}v${(-height).toFixed(1)}h3v${height.toFixed(1)}z`;
  });
  const width = counts.length * STEP;
  return (
    <svg
      className="hour-bars"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path d={bars.join('')} />
      <path d={`M0 ${HEIGHT - 0.5}h${width}`} className="line" />
    </svg>
  );
}
