import { Skeleton } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'wouter';
import { navigate } from 'wouter/use-browser-location';
import type { AppAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { removeApp, useApp } from '../../api/apps.js';
import { CauseList } from '../../components/causes/cause-list.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { CopyButton } from '../../components/copy.js';
import { LinkButton } from '../../components/link-button.js';
import { Loaded } from '../../components/loaded.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { useTell } from '../../components/tell.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { AppStateTag } from './app-state-tag.js';
import { AppSteps } from './app-steps.js';
import { AccountsOfApp, BotsOfApp } from './of-app.js';
import { RefusedOfApp } from './refused-of-app.js';

/** One app: how far it is, what WeCom called wrongly, and who answers in it. */
export default function AppPage() {
  const { apps } = t();
  const { id = '' } = useParams();
  const app = useApp(id);
  const { data } = app;
  if (data === null)
    return (
      <Page title={apps.gone}>
        <Nothing title={apps.gone} text={apps.goneText}>
          <LinkButton href={PAGES.apps}>{apps.toList}</LinkButton>
        </Nothing>
      </Page>
    );
  return (
    <Page
      title={data?.name || data?.corpId || apps.app}
      actions={data?.source === 'api' && <RemoveButton app={data} />}
    >
      <Loaded of={app} skeleton={<Skeleton active paragraph={{ rows: 10 }} />}>
        {(loaded) => (loaded === null ? null : <AppParts app={loaded} />)}
      </Loaded>
    </Page>
  );
}

function AppParts({ app }: { readonly app: AppAnswer }) {
  const { apps } = t();
  return (
    <>
      <div className="place">
        <Link href={PAGES.apps}>{apps.toList}</Link>
        <AppStateTag app={app} />
      </div>
      {app.causes.length > 0 && <CauseList causes={app.causes} caption={apps.causes} isFirstOpen />}
      <div className="cards">
        <Facts app={app} />
        <section className="card" aria-labelledby="steps">
          <h2 id="steps">{apps.steps}</h2>
          <AppSteps app={app} />
        </section>
      </div>
      <RefusedOfApp corpId={app.corpId} />
      <BotsOfApp corpId={app.corpId} />
      <AccountsOfApp corpId={app.corpId} />
    </>
  );
}

function Facts({ app }: { readonly app: AppAnswer }) {
  const { apps, common } = t();
  const { corpId, callbackPath, source, createdAt, receiveIds } = app;
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">{apps.facts}</h2>
      <dl className="facts">
        <dt>{apps.corpId}</dt>
        <dd>
          <Copied value={corpId} what={common.corpId} />
        </dd>
        <dt>{apps.callbackPath}</dt>
        <dd>
          <Copied value={callbackPath} what={apps.callbackPath} />
        </dd>
        {receiveIds.length > 0 && (
          <>
            <dt>{apps.receiveIds}</dt>
            <dd className="mono">{receiveIds.map((one) => one || apps.emptyReceiveId).join(', ')}</dd>
          </>
        )}
        <dt>{apps.added}</dt>
        <dd>
          {apps.sources[source]}
          {createdAt !== null && (
            <>
              , <Ago at={createdAt} />
            </>
          )}
        </dd>
      </dl>
      <p className="small muted">{source === 'file' ? apps.readOnly : apps.notShownAgain}</p>
    </section>
  );
}

function Copied({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <span className="name">
      <span className="mono" title={value}>
        {value}
      </span>
      <CopyButton value={value} what={what} />
    </span>
  );
}

function RemoveButton({ app: { id, name, corpId } }: { readonly app: AppAnswer }) {
  const { apps } = t();
  const [isAsking, setAsking] = useState(false);
  const tell = useTell();
  const shown = name || corpId;
  // This page is gone before the answers are there anew, so it is left at once.
  const remove = async (): Promise<void> => {
    await removeApp(id);
    tell(apps.removed(shown));
    navigate(PAGES.apps, { replace: true });
  };
  const change = useChange(remove, ['/api/v1/apps', '/api/v1/status']);
  return (
    <>
      <ChangeButton danger onClick={() => setAsking(true)}>
        {apps.remove}
      </ChangeButton>
      <Confirm
        title={apps.removeAsk(shown)}
        text={apps.removeWhat}
        run={apps.removeRun}
        isDangerous
        change={change}
        argument={undefined}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
