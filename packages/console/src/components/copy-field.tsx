import { useId, useRef, useState } from 'preact/hooks';
import { tell } from '../data/notices.js';
import { t } from '../i18n/language.js';
import { Icon } from './icon.js';

interface CopyFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onCopied?: () => void;
}

/** A value to be pasted elsewhere, whole. */
export function CopyField({ label, value, onCopied }: CopyFieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (!(await copyText(value, input.current))) return;
    setCopied(true);
    onCopied?.();
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

/**
 * Over plain HTTP from another host there is no clipboard, but for what is selected.
 * @returns whether it is there now; else it is selected at least.
 */
async function copyText(value: string, input: HTMLInputElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    input?.select();
    return document.execCommand('copy');
  }
}
