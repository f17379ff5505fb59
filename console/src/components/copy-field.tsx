import { useId, useRef, useState } from 'preact/hooks';
import { tell } from '../data/notices.js';
import { t } from '../i18n/language.js';
import { Icon } from './icon.js';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
}

/** A value to be pasted elsewhere, whole. */
export function CopyField({ label, value }: CopyFieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(value, input.current);
    setCopied(true);
    tell(`${label}: ${t().common.copied}`);
  };
  return (
    <div class="copy-field">
      <label for={id}>{label}</label>
      <div class="joined">
        <input
          id={id}
          ref={input}
          class="mono"
          readOnly
          value={value}
          onFocus={() => input.current?.select()}
        />
        <button type="button" class="button" aria-label={t().apps.secretOf(label)} onClick={copy}>
          <Icon name={isCopied ? 'check' : 'copy'} />
          {isCopied ? t().common.copied : t().common.copy}
        </button>
      </div>
    </div>
  );
}

/** Over plain HTTP from another host there is no clipboard, but for what is selected. */
async function copyText(value: string, input: HTMLInputElement | null): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(value);
  input?.select();
  document.execCommand('copy');
}
