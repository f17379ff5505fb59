import { useState } from 'preact/hooks';
import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { Icon } from '../../components/icon.js';
import { Page } from '../../components/page.js';
import { t } from '../../i18n/language.js';
import { ConnectForm } from './connect-form.js';
import { ConnectedApp } from './connected-app.js';

/** Token and key live in this page alone, and are gone with it. */
export function ConnectPage() {
  const { apps } = t();
  const [created, setCreated] = useState<AppCreatedAnswer | null>(null);
  return (
    <>
      <a class="back" href="/console/apps">
        <Icon name="back" />
        {apps.toList}
      </a>
      <Page
        title={created === null ? apps.connect : apps.connected(created.name || created.corpId)}
        intro={created === null ? apps.connectIntro : apps.connectedIntro}
      >
        {created === null ? <ConnectForm onCreated={setCreated} /> : <ConnectedApp created={created} />}
      </Page>
    </>
  );
}
