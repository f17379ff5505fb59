import { Radio } from 'antd';
import { useId } from 'react';

interface Choice<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly text?: string | undefined;
}

interface ChoicesProps<V extends string> {
  readonly label: string;
  readonly value: V | null;
  readonly options: readonly Choice<V>[];
  /** In columns; for many. */
  readonly isGrid?: boolean;
  readonly onChange: (value: V) => void;
}

/** One of several, each with what it means. */
export function Choices<V extends string>({
  label,
  value,
  options,
  isGrid = false,
  onChange,
}: ChoicesProps<V>) {
  const id = useId();
  return (
    <div className="field">
      <span id={id}>{label}</span>
      <Radio.Group
        aria-labelledby={id}
        name={id}
        className={isGrid ? 'choices grid' : 'choices'}
        value={value}
        onChange={({ target }) => onChange(target.value as V)}
      >
        {options.map((option) => (
          <Radio key={option.value} value={option.value} className="choice-card">
            <span>{option.label}</span>
            {option.text !== undefined && <span className="small muted">{option.text}</span>}
          </Radio>
        ))}
      </Radio.Group>
    </div>
  );
}
