import { Select } from 'antd';
import { useId } from 'react';
import { t } from '../../i18n/language.js';

interface TagsFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly value: readonly string[];
  /** What is likely. */
  readonly offered?: readonly string[];
  readonly bytesMax: number;
  readonly countMax: number;
  readonly isFaulty: boolean;
  readonly onChange: (value: readonly string[]) => void;
}

/** Several short texts, each typed or pasted. */
export function TagsField({ label, hint, value, offered = [], isFaulty, onChange, ...max }: TagsFieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <Select<string[]>
        id={id}
        mode="tags"
        aria-describedby={`${id}-hint`}
        {...(isFaulty && { status: 'error', 'aria-invalid': true })}
        value={[...value]}
        options={offered.map((one) => ({ value: one, label: one }))}
        notFoundContent={null}
        tokenSeparators={['\n', ',', ';', '，', '、', '；']}
        onChange={(chosen) => onChange([...new Set(chosen.map((one) => one.trim()))].filter(Boolean))}
      />
      <div id={`${id}-hint`} className="small muted">
        <p>{hint}</p>
        {isFaulty && <p className="fault">{t().sessions.faults.texts(max.countMax, max.bytesMax)}</p>}
      </div>
    </div>
  );
}
