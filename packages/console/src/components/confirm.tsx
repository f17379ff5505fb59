import { Modal } from 'antd';
import { type ReactNode, useRef, useState } from 'react';
import { type Change, changeThen } from '../api/answers.js';
import { t } from '../i18n/language.js';
import { ErrorNote } from './error-note.js';
import { Field } from './field.js';
import { focusHeading } from './page.js';
import { useTell } from './tell.js';

interface ConfirmProps<A, T> {
  readonly title: string;
  /** What will have happened. */
  readonly text: ReactNode;
  /** On the button that does it. */
  readonly run: string;
  /** Whether something is lost by it. */
  readonly isDangerous?: boolean;
  /** Has to be typed first, where very much is lost. */
  readonly name?: string;
  readonly change: Change<A, T>;
  readonly argument: A;
  /** Said afterwards in passing. */
  readonly told?: (answer: T) => string;
  /** What follows once it was told. */
  readonly onDone?: () => void;
  /** Why there is nothing to be done any more. */
  readonly gone?: string | undefined;
  /** Asks while it is true. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Asks before something is done (drop, forget, send again, delete), and does it. A failure stays in the dialog to be read. */
export function Confirm<A, T>(props: ConfirmProps<A, T>) {
  const {
    title,
    text,
    run,
    isDangerous = false,
    change,
    argument,
    told,
    onDone,
    name,
    gone,
    isOpen,
    onClose,
  } = props;
  const tell = useTell();
  const isDone = useRef(false);
  const [typed, setTyped] = useState('');
  const isHeld = name !== undefined && typed.trim() !== name.trim();
  const act = (): void =>
    changeThen(change, argument, (answer) => {
      isDone.current = true;
      if (told !== undefined) tell(told(answer));
      onClose();
      onDone?.();
    });
  return (
    <Modal
      open={isOpen}
      title={title}
      // The styles of a lock would be inline, which the CSP forbids.
      scrollLock={false}
      okText={run}
      okButtonProps={{ danger: isDangerous, disabled: (gone !== undefined || isHeld) && !change.isPending }}
      cancelText={t().common.cancel}
      confirmLoading={change.isPending}
      onOk={act}
      onCancel={onClose}
      afterClose={() => {
        // The row that had the focus may be gone with what was done.
        if (isDone.current) focusHeading();
        isDone.current = false;
        setTyped('');
        change.reset();
      }}
    >
      {gone === undefined || change.isPending ? <div>{text}</div> : <p role="status">{gone}</p>}
      {name !== undefined && <Field label={t().common.typeName(name)} value={typed} onInput={setTyped} />}
      {change.error !== null && <ErrorNote error={change.error} />}
    </Modal>
  );
}
