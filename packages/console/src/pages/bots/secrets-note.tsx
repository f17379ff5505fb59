import { Alert, Button } from 'antd';
import { useRef, useState } from 'react';
import { LeaveQuestion } from '../../components/leave-question.js';
import { t } from '../../i18n/language.js';

export interface Saving {
  readonly isSaved: boolean;
  /** One of the secrets was copied. */
  readonly onCopied: (label: string) => void;
  /** Somebody says that they are elsewhere, too. */
  readonly onSaved: () => void;
}

/** Whether secrets that are shown once are elsewhere, too: all of them were copied, or somebody says so. */
export function useSaving(labels: readonly string[]): Saving {
  const copied = useRef(new Set<string>());
  const [isSaved, setSaved] = useState(false);
  const onCopied = (label: string): void => {
    copied.current.add(label);
    if (labels.every((one) => copied.current.has(one))) setSaved(true);
  };
  return { isSaved, onCopied, onSaved: () => setSaved(true) };
}

/** Says that secrets are shown once; nobody leaves the page unasked until they are somewhere else. */
export function SecretsNote({ saving: { isSaved, onSaved } }: { readonly saving: Saving }) {
  const { apps, bots } = t();
  if (isSaved) return <Alert type="success" showIcon role="status" title={apps.saved} />;
  return (
    <>
      <Alert
        type="warning"
        showIcon
        title={bots.once}
        description={<Button onClick={onSaved}>{apps.haveSaved}</Button>}
      />
      <LeaveQuestion title={bots.leaveAsk} text={bots.once} run={bots.leaveRun} />
    </>
  );
}
