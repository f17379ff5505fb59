import { useState } from 'react';
import { Link, useSearch } from 'wouter';
import type { AppCreatedAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { createApp } from '../../api/apps.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { Field } from '../../components/field.js';
import { Page } from '../../components/page.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { useOneTime } from '../../state/one-time.js';
import { ConnectedApp } from './connected-app.js';

/** Token and key live in this page alone, and are gone with it; a session that expires meanwhile does not take them along. */
export default function ConnectPage() {
  const { apps } = t();
  const [created, setCreated] = useOneTime<AppCreatedAnswer>('app');
  return (
    // What was made begins at its heading.
    <Page
      key={created === null ? 'form' : created.id}
      title={created === null ? apps.connect : apps.connected(created.name || created.corpId)}
    >
      <div className="place">
        <Link href={PAGES.apps}>{apps.toList}</Link>
        <span className="muted">{created === null ? apps.connectIntro : apps.connectedIntro}</span>
      </div>
      {created === null ? <ConnectForm onCreated={setCreated} /> : <ConnectedApp created={created} />}
    </Page>
  );
}

function ConnectForm({ onCreated }: { readonly onCreated: (app: AppCreatedAnswer) => void }) {
  const { apps } = t();
  const asked = new URLSearchParams(useSearch()).get('corpId') ?? '';
  const [corpId, setCorpId] = useState(asked);
  const [name, setName] = useState('');
  const change = useChange(() => createApp(corpId.trim(), name.trim()), ['/api/v1/apps']);
  return (
    <form
      className="card form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!change.isPending) change.mutate(undefined, { onSuccess: onCreated });
      }}
    >
      <Field label={apps.corpId} hint={apps.corpIdHint} value={corpId} required isMono onInput={setCorpId} />
      <Field label={apps.nameOptional} hint={apps.nameHint} value={name} onInput={setName} />
      {change.error !== null && <ErrorNote error={change.error} titles={{ REQUEST_INVALID: apps.invalid }} />}
      <div className="actions">
        <ChangeButton type="primary" htmlType="submit" loading={change.isPending}>
          {change.isPending ? apps.creating : apps.create}
        </ChangeButton>
      </div>
    </form>
  );
}
