import type { Tone } from '../../components/chip.js';

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly detail?: string | undefined;
  readonly tone?: Tone | undefined;
}

/** One number with its name. */
export function Figure({ name, value, detail, tone }: FigureProps) {
  return (
    <div class={`figure ${tone ?? ''}`}>
      <dt>{name}</dt>
      <dd>
        <span class="figure-value">{value}</span>
        {detail !== undefined && <span class="small muted">{detail}</span>}
      </dd>
    </div>
  );
}
