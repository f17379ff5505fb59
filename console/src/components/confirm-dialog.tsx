import { useEffect, useId, useRef } from 'preact/hooks';
import { useAction } from '../data/action.js';
import { t } from '../i18n/language.js';
import { Problem } from './problem.js';

interface ConfirmDialogProps {
  readonly title: string;
  /** What will have happened. */
  readonly text: string;
  readonly run: string;
  /** Whether something is lost by it. */
  readonly isDangerous?: boolean;
  /** Rejects with what is then shown in the dialog, which stays. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done. Open as long as it is there. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, text, run, isDangerous = false, onConfirm, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const action = useAction(async () => {
    await onConfirm();
    dialog.current?.close();
  });
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={onClose}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={`${id}-text`}>{text}</p>
      {action.error !== null && <Problem error={action.error} />}
      <div class="actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {t().common.cancel}
        </button>
        <button
          type="button"
          class={isDangerous ? 'button danger' : 'button primary'}
          aria-disabled={action.isRunning}
          onClick={action.run}
        >
          {run}
        </button>
      </div>
    </dialog>
  );
}
