import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { Icon } from '../../components/icon.js';
import { Page } from '../../components/page.js';
import { useOneTime } from '../../data/one-time.js';
import { t } from '../../i18n/language.js';
import { ConnectForm } from './connect-form.js';
import { ConnectedApp } from './connected-app.js';

/** Token and key live in this page alone, and are gone with it; a session that expires meanwhile does not take them along. */
export function ConnectPage() {
  const { apps } = t();
  const [created, setCreated] = useOneTime<AppCreatedAnswer>('app');
  return (
    <>
      <a class="back" href="/console/apps">
        <Icon name="back" />
        {apps.toList}
      </a>
      {/* What was made begins at its heading. */}
      <Page
        key={created === null ? 'form' : created.id}
        title={created === null ? apps.connect : apps.connected(created.name || created.corpId)}
        intro={created === null ? apps.connectIntro : apps.connectedIntro}
      >
        {created === null ? <ConnectForm onCreated={setCreated} /> : <ConnectedApp created={created} />}
      </Page>
    </>
  );
}
