import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { type RefObject, useId, useRef, useState } from 'react';
import { t } from '../i18n/language.js';
import { useTell } from './tell.js';

/** Copies an id that stands nowhere on the page, or is cut there. */
export function CopyButton({ value, what }: { readonly value: string; readonly what: string }) {
  const { common } = t();
  const [isCopied, copy] = useCopy(value, what);
  return (
    <Button
      type="text"
      size="small"
      className="copy"
      title={value}
      aria-label={common.copyOf(what)}
      icon={isCopied ? <CheckOutlined /> : <CopyOutlined />}
      onClick={() => void copy()}
    />
  );
}

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onCopied?: () => void;
}

/** A value to be pasted elsewhere, whole. */
export function CopyField({ label, value, onCopied }: CopyFieldProps) {
  const { common } = t();
  const id = useId();
  const field = useRef<HTMLDivElement>(null);
  const [isCopied, copy] = useCopy(value, label, field);
  return (
    <div className="copy-field" ref={field}>
      <label htmlFor={id}>{label}</label>
      <div className="joined">
        <Input id={id} readOnly value={value} className="mono" onFocus={({ target }) => target.select()} />
        <Button
          aria-label={common.copyOf(label)}
          icon={isCopied ? <CheckOutlined /> : <CopyOutlined />}
          onClick={() => void copy().then((isThere) => isThere && onCopied?.())}
        >
          {isCopied ? common.copied : common.copy}
        </Button>
      </div>
    </div>
  );
}

/**
 * Over plain HTTP from another host a browser has no clipboard for scripts, but copies what is selected.
 * @param field has an input with the value; without it a value is put into one for a moment.
 */
function useCopy(value: string, what: string, field?: RefObject<HTMLElement | null>) {
  const tell = useTell();
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<boolean> => {
    const isThere = await navigator.clipboard?.writeText(value).then(
      () => true,
      () => null,
    );
    if (!(isThere ?? copySelected(value, field?.current?.querySelector('input') ?? null))) return false;
    setCopied(true);
    tell(t().common.copiedOf(what));
    return true;
  };
  return [isCopied, copy] as const;
}

function copySelected(value: string, input: HTMLInputElement | null): boolean {
  const selected = input ?? document.body.appendChild(document.createElement('textarea'));
  selected.value = value;
  selected.select();
  const isThere = document.execCommand('copy');
  if (input === null) selected.remove();
  return isThere;
}
