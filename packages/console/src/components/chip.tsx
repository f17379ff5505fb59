export type Tone = 'good' | 'wait' | 'bad' | 'quiet';

interface ChipProps {
  readonly tone: Tone;
  readonly text: string;
  /** What it means, for a pointer that rests on it. */
  readonly title?: string;
}

/** A state, by colour and by word. */
export function Chip({ tone, text, title }: ChipProps) {
  return (
    <span class={`chip ${tone}`} title={title}>
      {text}
    </span>
  );
}
