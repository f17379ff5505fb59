import { useSignal } from '@preact/signals';
import { t } from './words.js';

interface CopyButtonProps {
  /** What it is, for whoever does not see it. */
  readonly label: string;
  readonly value: () => string;
}

const SHOWN_MS = 2_000;

/** Puts a value onto the clipboard, and says so for a moment. */
export function CopyButton({ label, value }: CopyButtonProps) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value());
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, SHOWN_MS);
  };
  const text = t(isCopied.value ? 'copied' : 'copy');
  return (
    <button type="button" class="copy" aria-label={`${text}: ${label}`} onClick={copy}>
      {text}
    </button>
  );
}
