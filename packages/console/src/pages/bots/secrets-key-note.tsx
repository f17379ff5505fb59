import { Alert } from 'antd';
import { CopyField } from '../../components/copy.js';
import { t } from '../../i18n/language.js';
import { useLacksSecretsKey } from '../../session/session.js';

const COMMAND = 'npx wxkf-manager keys generate --add-to .env';

/** What to do before a bot can take messages. Nothing where the manager can seal them. */
export function SecretsKeyNote() {
  const { bots } = t();
  if (!useLacksSecretsKey()) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={bots.noSecretsKey}
      description={
        <div className="form">
          <CopyField label={bots.noSecretsKeyBefore} value={COMMAND} />
          <p>{bots.noSecretsKeyAfter}</p>
        </div>
      }
    />
  );
}
