import { StyleProvider } from '@ant-design/cssinjs';
import { QueryClientProvider } from '@tanstack/react-query';
import { App as AntdApp, ConfigProvider, Skeleton } from 'antd';
import english from 'antd/locale/en_US';
import chinese from 'antd/locale/zh_CN';
import { lazy, Suspense, useLayoutEffect } from 'react';
import { Redirect, Route, Switch, useParams, useSearch } from 'wouter';
import { answers } from './api/answers.js';
import { language, t } from './i18n/language.js';
import { NotFoundPage } from './pages/not-found-page.js';
import { SessionGate } from './session/session-gate.js';
import { session } from './session/session.js';
import { ErrorBoundary } from './shell/error-boundary.js';
import { Header } from './shell/header.js';
import { MOVED, PAGES, pathOf } from './shell/paths.js';
import { Shell } from './shell/shell.js';
import { useCell } from './state/cell.js';
import { isStill, useShade, wearShade } from './state/shade.js';
import { themeOf } from './theme.js';

/** Each page is a file of its own, which the browser loads when somebody goes there. */
const OverviewPage = lazy(() => import('./pages/overview/overview-page.js'));
const AccountsPage = lazy(() => import('./pages/accounts/accounts-page.js'));
const AccountPage = lazy(() => import('./pages/accounts/account-page.js'));
const LogPage = lazy(() => import('./pages/log/log-page.js'));
const WaitingPage = lazy(() => import('./pages/waiting/waiting-page.js'));
const BotsPage = lazy(() => import('./pages/bots/bots-page.js'));
const AddBotPage = lazy(() => import('./pages/bots/add-bot-page.js'));
const BotPage = lazy(() => import('./pages/bots/bot-page.js'));
const AppsPage = lazy(() => import('./pages/apps/apps-page.js'));
const ConnectPage = lazy(() => import('./pages/apps/connect-page.js'));
const AppPage = lazy(() => import('./pages/apps/app-page.js'));
const WecomErrorsPage = lazy(() => import('./pages/wecom-errors/wecom-errors-page.js'));
const AuditPage = lazy(() => import('./pages/audit/audit-page.js'));

/**
 * Ant Design writes variables of its theme into style elements while it runs. The manager's CSP forbids these, and the build has
 * written the same ones into a file; so they go into an element that is on no page.
 */
const NOWHERE = document.createElement('div');

export function App() {
  const chosen = useCell(language);
  const shade = useShade();
  const theme = themeOf(shade);
  useLayoutEffect(() => wearShade(shade), [shade]);
  useLayoutEffect(() => {
    document.documentElement.lang = chosen;
  }, [chosen]);
  return (
    <StyleProvider container={NOWHERE}>
      <ConfigProvider
        theme={{ ...theme, token: { ...theme.token, motion: !isStill }, zeroRuntime: true }}
        locale={chosen === 'en' ? english : chinese}
        button={{ autoInsertSpace: false }}
      >
        <AntdApp component={false} message={{ maxCount: 2 }}>
          <QueryClientProvider client={answers}>
            <ErrorBoundary>
              <a className="skip" href="#main">
                {t().common.skip}
              </a>
              <SignedOutHeader />
              <SessionGate>
                <Shell>
                  <Suspense fallback={<Skeleton active paragraph={{ rows: 8 }} />}>
                    <Pages />
                  </Suspense>
                </Shell>
              </SessionGate>
            </ErrorBoundary>
          </QueryClientProvider>
        </AntdApp>
      </ConfigProvider>
    </StyleProvider>
  );
}

/** What was looked for stands in the query and, of a record, in the path; both go along. */
function Moved({ to }: { readonly to: string }) {
  const { record } = useParams<{ record?: string }>();
  const { pathname, searchParams } = new URL(to, location.href);
  for (const [name, value] of new URLSearchParams(useSearch())) searchParams.set(name, value);
  if (record !== undefined) searchParams.set('record', record);
  return <Redirect to={searchParams.size === 0 ? pathname : `${pathname}?${searchParams}`} replace />;
}

function SignedOutHeader() {
  return useCell(session)?.isSignedIn === true ? null : <Header />;
}

function Pages() {
  return (
    <Switch>
      <Route path={PAGES.overview} component={OverviewPage} />
      <Route path={PAGES.accounts} component={AccountsPage} />
      <Route path={`${PAGES.accounts}/:corpId/:openKfId`} component={AccountPage} />
      <Route path="/console/kf-accounts/:openKfId">
        {({ openKfId }) => <Redirect to={pathOf.accountsLike(openKfId)} replace />}
      </Route>
      <Route path={PAGES.log} component={LogPage} />
      <Route path={PAGES.waiting} component={WaitingPage} />
      <Route path={PAGES.bots} component={BotsPage} />
      <Route path={pathOf.addBot} component={AddBotPage} />
      <Route path={`${PAGES.bots}/:id`} component={BotPage} />
      <Route path={PAGES.apps} component={AppsPage} />
      <Route path={pathOf.connectApp} component={ConnectPage} />
      <Route path={`${PAGES.apps}/:id`} component={AppPage} />
      <Route path={PAGES.wecomErrors} component={WecomErrorsPage} />
      <Route path={PAGES.audit} component={AuditPage} />
      {MOVED.map(([from, to]) => (
        <Route key={from} path={from}>
          <Moved to={to} />
        </Route>
      ))}
      <Route component={NotFoundPage} />
    </Switch>
  );
}
