import { Alert, Button } from 'antd';
import { useRef, useState } from 'react';
import type { AppAnswer, AppCreatedAnswer } from '../../api/answers.gen.js';
import { useApp } from '../../api/apps.js';
import { useRefusedCallbacks } from '../../api/refused-callbacks.js';
import { CopyField } from '../../components/copy.js';
import { Field } from '../../components/field.js';
import { LeaveQuestion } from '../../components/leave-question.js';
import { LinkButton } from '../../components/link-button.js';
import { formatFromNow } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { useSecondsFromNow } from '../../state/now.js';
import { refusalOf } from '../log/refusal.js';
import { AppSteps } from './app-steps.js';

/** What to paste into WeCom, and whether it has worked. */
export function ConnectedApp({ created }: { readonly created: AppCreatedAnswer }) {
  const { apps } = t();
  const [isSaved, setSaved] = useState(false);
  const app = useApp(created.id).data ?? { ...created };
  const isVerified = app.verifiedAt !== null;
  return (
    <div className="cards">
      <Paste
        created={created}
        isVerified={isVerified}
        saved={isVerified ? apps.pasted : isSaved ? apps.saved : null}
        onSaved={() => setSaved(true)}
      />
      <section className="card" aria-labelledby="steps">
        <h2 id="steps">{apps.steps}</h2>
        <AppSteps app={app} />
        <div role="status">
          {app.lastDeliveryAt !== null && isVerified && <Alert type="success" showIcon title={apps.done} />}
          {!isVerified && <LastRefusal app={app} />}
        </div>
        {isVerified && app.accounts + app.bots === 0 && (
          <div className="actions">
            <LinkButton type="primary" href={pathOf.addBotOf(app.corpId)}>
              {apps.addBot}
            </LinkButton>
          </div>
        )}
      </section>
      {!isSaved && !isVerified && (
        <LeaveQuestion title={apps.leaveAsk} text={apps.once} run={apps.leaveRun} />
      )}
    </div>
  );
}

interface PasteProps {
  readonly created: AppCreatedAnswer;
  readonly isVerified: boolean;
  /** That token and key are elsewhere, too; null while nobody knows. */
  readonly saved: string | null;
  /** Both were copied, or somebody says that they are elsewhere. */
  readonly onSaved: () => void;
}

/** What WeCom's admin page asks for. */
function Paste({ created, isVerified, saved, onSaved }: PasteProps) {
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
        fault={!isVerified && isOnlyHere(address) ? apps.onlyHere : undefined}
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
      <p>{apps.afterwards}</p>
      <ol className="notes">
        {apps.afterwardsSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {saved !== null ? (
        <Alert type="success" showIcon title={saved} />
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

function isOnlyHere(address: string): boolean {
  const text = address.trim();
  return URL.canParse(text) && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(text).hostname);
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
  const { what, remedy, whileShown = remedy } = refusalOf({ reason });
  return (
    <Alert
      type="error"
      showIcon
      title={refusals.called(source, formatFromNow(seconds), what)}
      description={whileShown}
    />
  );
}
