import { Alert } from 'antd';
import { t } from '../i18n/language.js';
import { CopyField } from './copy.js';
import { LeaveQuestion } from './leave-question.js';

interface ShownOnceProps {
  readonly secrets: readonly { readonly label: string; readonly value: string }[];
}

/** Secrets that the manager shows this once. Nobody leaves the page with them unasked. */
export function ShownOnce({ secrets }: ShownOnceProps) {
  const { bots } = t();
  return (
    <>
      <Alert type="warning" showIcon className="note" title={bots.once} />
      {secrets.map(({ label, value }) => (
        <CopyField key={label} label={label} value={value} />
      ))}
      <LeaveQuestion title={bots.leaveAsk} text={bots.once} run={bots.leaveRun} />
    </>
  );
}
