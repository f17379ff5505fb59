import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly type?: 'text' | 'url' | 'password' | 'number';
  readonly isRequired?: boolean;
  readonly isMono?: boolean;
  /** Of a number. */
  readonly min?: number;
  readonly max?: number;
  /** What is probably meant. */
  readonly suggestions?: readonly string[];
  readonly onInput: (value: string) => void;
}

/** One line that somebody fills in. */
export function Field(props: FieldProps) {
  const { label, hint, value, type = 'text', isRequired = false, isMono = false, suggestions = [] } = props;
  const id = useId();
  // JSX's types want each kind of input written out.
  const kind: object = { type, ...(suggestions.length > 0 && { list: `${id}-list` }) };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class={isMono ? 'mono' : ''}
        {...kind}
        min={props.min}
        max={props.max}
        required={isRequired}
        autoComplete="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        value={value}
        onInput={({ currentTarget }) => props.onInput(currentTarget.value)}
      />
      {suggestions.length > 0 && (
        <datalist id={`${id}-list`}>
          {suggestions.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </datalist>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} class="small muted">
          {hint}
        </p>
      )}
    </div>
  );
}
