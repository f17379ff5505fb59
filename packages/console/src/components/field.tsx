import { Input, type InputProps } from 'antd';
import { type ReactNode, useId } from 'react';

interface FieldProps extends Pick<
  InputProps,
  | 'type'
  | 'min'
  | 'max'
  | 'required'
  | 'list'
  | 'disabled'
  | 'pattern'
  | 'title'
  | 'placeholder'
  | 'onPressEnter'
> {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it. */
  readonly fault?: string | undefined;
  readonly value: string;
  readonly isMono?: boolean;
  /** Of a text of several lines. */
  readonly rows?: number;
  readonly onInput: (value: string) => void;
}

/** A labelled text field of a form. The browser says what is missing in it. */
export function Field({ label, hint, fault, value, isMono = false, rows, onInput, ...input }: FieldProps) {
  const id = useId();
  const common = {
    id,
    value,
    autoComplete: 'off',
    spellCheck: false,
    className: isMono ? 'mono' : '',
    ...((hint ?? fault) !== undefined && { 'aria-describedby': `${id}-hint` }),
    ...(fault !== undefined && { status: 'error' as const, 'aria-invalid': true }),
    onChange: ({ target }: { target: { value: string } }) => onInput(target.value),
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows !== undefined && <Input.TextArea {...common} rows={rows} required={input.required} />}
      {rows === undefined &&
        (input.type === 'password' ? (
          <Input.Password {...common} required={input.required} autoComplete="new-password" />
        ) : (
          <Input {...common} {...input} />
        ))}
      {(hint ?? fault) !== undefined && (
        <div id={`${id}-hint`} className="small muted">
          {hint !== undefined && <p>{hint}</p>}
          {fault !== undefined && <p className="fault">{fault}</p>}
        </div>
      )}
    </div>
  );
}
