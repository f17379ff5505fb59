import { useId } from 'preact/hooks';

interface AccountIdsProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly isRequired: boolean;
  readonly onInput: (value: string) => void;
}

/** Account ids, as many as somebody pastes. */
export function AccountIds({ label, hint, value, isRequired, onInput }: AccountIdsProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={3}
        required={isRequired}
        autoComplete="off"
        spellcheck={false}
        aria-describedby={`${id}-hint`}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <p id={`${id}-hint`} class="small muted">
        {hint}
      </p>
    </div>
  );
}
