import { Alert, Button } from 'antd';
import { useRef, useState } from 'react';
import type { AppAnswer, AppCreatedAnswer } from '../../api/answers.gen.js';
import { useApp } from '../../api/apps.js';
import { useRefusedCallbacks } from '../../api/refused-callbacks.js';
import { CopyField } from '../../components/copy.js';
import { Field } from '../../components/field.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { formatFromNow } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { useSecondsFromNow } from '../../state/now.js';
import { refusalOf } from '../log/refusal.js';
import { AppSteps } from './app-steps.js';

/** What to paste into WeCom, and whether it has worked. */
export function ConnectedApp({ created }: { readonly created: AppCreatedAnswer }) {
  const { apps } = t();
  const [isSaved, setSaved] = useState(false);
  const app = useApp(created.id).data ?? { ...created };
  return (
    <div className="cards">
      <Paste created={created} isSaved={isSaved} onSaved={() => setSaved(true)} />
      <section className="card" aria-labelledby="steps">
        <h2 id="steps">{apps.steps}</h2>
        <AppSteps app={app} />
        <div role="status">
          {app.lastDeliveryAt !== null && app.verifiedAt !== null && (
            <Alert type="success" showIcon title={apps.done} />
          )}
          {app.verifiedAt === null && <LastRefusal app={app} />}
        </div>
      </section>
      {!isSaved && <LeaveQuestion title={apps.leaveAsk} text={apps.once} run={apps.leaveRun} />}
    </div>
  );
}

interface PasteProps {
  readonly created: AppCreatedAnswer;
  readonly isSaved: boolean;
  /** Token and key are elsewhere, too: both were copied, or somebody says so. */
  readonly onSaved: () => void;
}

/** What WeCom's admin page asks for. */
function Paste({ created, isSaved, onSaved }: PasteProps) {
  const { apps } = t();
  const secrets = useRef(new Set<'token' | 'key'>());
  const copied = (secret: 'token' | 'key'): void => {
    if (secrets.current.add(secret).size === 2) onSaved();
  };
  const [address, setAddress] = useState(location.origin);
  return (
    <section className="card form" aria-labelledby="paste">
      <h2 id="paste">{apps.pasteTitle}</h2>
      <p>{apps.paste}</p>
      <Field
        label={apps.publicAddress}
        hint={apps.publicAddressHint}
        value={address}
        type="url"
        isMono
        onInput={setAddress}
      />
      <CopyField
        label={apps.callbackUrl}
        value={`${address.trim().replace(/\/+$/, '')}${created.callbackPath}`}
      />
      <CopyField label={apps.token} value={created.token} onCopied={() => copied('token')} />
      <CopyField label={apps.key} value={created.encodingAESKey} onCopied={() => copied('key')} />
      {isSaved ? (
        <Alert type="success" showIcon title={apps.saved} />
      ) : (
        <Alert
          type="warning"
          showIcon
          title={apps.once}
          action={<Button onClick={onSaved}>{apps.haveSaved}</Button>}
        />
      )}
    </section>
  );
}

/** What was wrong when WeCom called last, while no call since the app was made was right. */
function LastRefusal({ app: { corpId, createdAt } }: { readonly app: AppAnswer }) {
  const [last] =
    useRefusedCallbacks({ corpId, ...(createdAt !== null && { from: createdAt }) }).data?.items ?? [];
  if (last === undefined) return null;
  return <Refusal at={last.lastAt} source={last.source ?? ''} reason={last.reason} />;
}

interface RefusalProps {
  readonly at: string;
  readonly source: string;
  readonly reason: string | null;
}

function Refusal({ at, source, reason }: RefusalProps) {
  const { refusals } = t();
  const seconds = useSecondsFromNow(at);
  const { what, remedy } = refusalOf({ reason });
  return (
    <Alert
      type="error"
      showIcon
      title={refusals.called(source, formatFromNow(seconds), what)}
      description={remedy}
    />
  );
}
