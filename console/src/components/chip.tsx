export type Tone = 'good' | 'wait' | 'bad' | 'quiet';

interface ChipProps {
  readonly tone: Tone;
  readonly text: string;
}

/** A state, by colour and by word. */
export function Chip({ tone, text }: ChipProps) {
  return <span class={`chip ${tone}`}>{text}</span>;
}
