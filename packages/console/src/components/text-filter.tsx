import { useEffect, useId, useRef, useState } from 'preact/hooks';

interface TextFilterProps {
  readonly label: string;
  readonly value: string;
  readonly isWide?: boolean;
  readonly onChange: (value: string) => void;
}

const TYPING_MS = 250;

/** Tells of a text once nobody types any more. */
export function TextFilter({ label, value, isWide = false, onChange }: TextFilterProps) {
  const id = useId();
  const [text, setText] = useState(value);
  const change = useRef(onChange);
  change.current = onChange;
  // A blank at the end stays: more may be typed after it.
  useEffect(() => setText((before) => (before.trim() === value ? before : value)), [value]);
  // Only what is typed counts.
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => change.current(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class={isWide ? 'filter wide' : 'filter'}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autoComplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
    </div>
  );
}
