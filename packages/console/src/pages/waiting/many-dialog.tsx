import { Modal, Progress } from 'antd';
import { useRef, useState } from 'react';
import { refresh } from '../../api/answers.js';
import { ApiError } from '../../api/api-error.js';
import { focusHeading } from '../../components/page.js';
import { useTell } from '../../components/tell.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { TOUCHED, type WaitingRow } from './waiting-row.js';

export interface Many {
  readonly kind: 'send' | 'drop';
  readonly rows: readonly WaitingRow[];
}

interface Failed {
  readonly row: WaitingRow;
  readonly error: Error;
}

interface ManyDialogProps {
  readonly many: Many;
  readonly onClose: () => void;
}

type Step = 'asks' | 'runs' | 'ended';

/** Asks once before many are sent or dropped, shows how far it is, and lists those that failed. */
export function ManyDialog({ many: { kind, rows }, onClose }: ManyDialogProps) {
  const { outbox, common } = t();
  const words = outbox.many[kind];
  const tell = useTell();
  const [isOpen, setOpen] = useState(true);
  const [step, setStep] = useState<Step>('asks');
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<readonly Failed[]>([]);
  const isStopped = useRef(false);
  const run = async (): Promise<void> => {
    setStep('runs');
    const failures: Failed[] = [];
    let count = 0;
    for (const row of rows) {
      if (isStopped.current) break;
      await (kind === 'send' ? row.replay() : row.drop()).catch((error: Error) =>
        failures.push({ row, error }),
      );
      count++;
      setDone(count);
    }
    await refresh(...TOUCHED);
    if (failures.length === 0) {
      tell(words.done(count));
      setOpen(false);
      return;
    }
    setFailed(failures);
    setStep('ended');
  };
  return (
    <Modal
      open={isOpen}
      title={words.ask(rows.length)}
      scrollLock={false}
      okText={words.run}
      okButtonProps={{ danger: kind === 'drop', ...(step === 'ended' && { style: { display: 'none' } }) }}
      confirmLoading={step === 'runs'}
      cancelText={step === 'asks' ? common.cancel : step === 'runs' ? outbox.stop : common.close}
      closable={step !== 'runs'}
      mask={{ closable: step !== 'runs' }}
      onOk={() => void run()}
      onCancel={() => {
        if (step === 'runs') isStopped.current = true;
        else setOpen(false);
      }}
      afterClose={() => {
        onClose();
        // The rows that had the focus may be gone with what was done.
        if (done > 0) focusHeading();
      }}
    >
      <p>{words.what}</p>
      {step !== 'asks' && (
        <>
          <Progress
            percent={Math.round((done / rows.length) * 100)}
            status={failed.length > 0 ? 'exception' : 'normal'}
            showInfo={false}
            aria-label={outbox.progress(formatNumber(done), formatNumber(rows.length))}
          />
          <p role="status">{outbox.progress(formatNumber(done), formatNumber(rows.length))}</p>
        </>
      )}
      {failed.length > 0 && (
        <>
          <p>{outbox.failedOf(failed.length)}</p>
          <ul className="failed">
            {failed.map(({ row, error }) => (
              <li key={row.key}>
                <strong>{row.label}</strong> <FailedWords error={error} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Modal>
  );
}

function FailedWords({ error }: { readonly error: Error }) {
  const { outbox, errorCodes } = t();
  const code = error instanceof ApiError ? (error.code ?? '') : '';
  const known = (outbox.replayErrors as Readonly<Record<string, string>>)[code] ?? errorCodes[code];
  return known === undefined ? <span lang="en">{error.message}</span> : <>{known}</>;
}
