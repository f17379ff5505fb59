import { useId, useState } from 'preact/hooks';
import type { AppAnswer, RefusedCallbackAnswer } from '../../api/answers.gen.js';
import { removeApp } from '../../api/apps.js';
import { ChangeButton } from '../../components/change-button.js';
import { Chip } from '../../components/chip.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { TimeAgo } from '../../components/time-ago.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';
import { AppSteps } from './app-steps.js';
import { RefusedOfApp } from './refused-of-app.js';

interface AppCardProps {
  readonly app: AppAnswer;
  /** Of all corps. */
  readonly refused: readonly RefusedCallbackAnswer[];
  readonly onChange: () => void;
}

export function AppCard({ app, refused, onChange }: AppCardProps) {
  const { apps } = t();
  const id = useId();
  const name = app.name || app.corpId;
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{name}</h2>
        <Chip tone="quiet" text={apps.sources[app.source]} />
      </div>
      <dl class="facts">
        <dt>{apps.corpId}</dt>
        <dd class="mono">{app.corpId}</dd>
        <dt>{apps.callbackUrl}</dt>
        <dd class="mono wrap">{app.callbackPath}</dd>
        {app.createdAt !== null && (
          <>
            <dt>{apps.added}</dt>
            <dd>
              <TimeAgo at={app.createdAt} />
            </dd>
          </>
        )}
      </dl>
      <AppSteps app={app} />
      <RefusedOfApp corpId={app.corpId} refused={refused} />
      {app.source === 'file' ? (
        <p class="small muted">{apps.readOnly}</p>
      ) : (
        <RemoveButton id={app.id} name={name} onChange={onChange} />
      )}
    </section>
  );
}

interface RemoveButtonProps {
  readonly id: string;
  readonly name: string;
  readonly onChange: () => void;
}

function RemoveButton({ id, name, onChange }: RemoveButtonProps) {
  const { apps } = t();
  const [isAsking, setAsking] = useState(false);
  const remove = async (): Promise<void> => {
    await removeApp(id);
    tell(apps.removed(name));
    onChange();
  };
  return (
    <div class="actions">
      <ChangeButton
        type="button"
        class="button danger"
        aria-label={apps.removeOf(name)}
        onClick={() => setAsking(true)}
      >
        {apps.remove}
      </ChangeButton>
      {isAsking && (
        <ConfirmDialog
          title={apps.removeAsk(name)}
          text={apps.removeWhat}
          run={apps.removeRun}
          isDangerous
          onConfirm={remove}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
