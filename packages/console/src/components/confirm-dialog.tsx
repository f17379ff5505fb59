import { useEffect, useId, useRef } from 'preact/hooks';
import { useAction } from '../data/action.js';
import { t } from '../i18n/language.js';
import { focusHeading } from './heading-focus.js';
import { Problem } from './problem.js';

interface ConfirmDialogProps {
  readonly title: string;
  /** What will have happened. */
  readonly text: string;
  readonly run: string;
  /** Why there is nothing to be done any more. */
  readonly gone?: string | undefined;
  /** Whether something is lost by it. */
  readonly isDangerous?: boolean;
  /** Rejects with what is then shown in the dialog, which stays. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something is done. Open as long as it is there. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, text, run, gone, isDangerous = false, onConfirm, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const opener = useRef(document.activeElement);
  const isDone = useRef(false);
  const id = useId();
  const action = useAction(async () => {
    await onConfirm();
    isDone.current = true;
    dialog.current?.close();
  });
  useEffect(() => dialog.current?.showModal(), []);
  const isGone = gone !== undefined && !action.isRunning;
  // The browser gives the focus back to what had it, which may be gone, or go with what was done.
  const closed = (): void => {
    if (isDone.current || !opener.current?.isConnected) focusHeading();
    onClose();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={closed}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      <p id={`${id}-text`}>{text}</p>
      <div role="status">{isGone && <p class="banner wait">{gone}</p>}</div>
      {action.error !== null && <Problem error={action.error} />}
      <div class="actions">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {isGone ? t().common.close : t().common.cancel}
        </button>
        {!isGone && (
          <button
            type="button"
            class={isDangerous ? 'button danger' : 'button primary'}
            aria-disabled={action.isRunning}
            onClick={action.run}
          >
            {run}
          </button>
        )}
      </div>
    </dialog>
  );
}
