import { StyleProvider } from '@ant-design/cssinjs';
import { QueryClientProvider } from '@tanstack/react-query';
import { App as AntdApp, ConfigProvider, Skeleton } from 'antd';
import english from 'antd/locale/en_US';
import chinese from 'antd/locale/zh_CN';
import { type ComponentType, lazy, Suspense, useEffect, useLayoutEffect, useState } from 'react';
import { matchRoute, type Parser, Redirect, Route, Switch, useParams, useRouter, useSearch } from 'wouter';
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
const FILES = [
  [PAGES.overview, () => import('./pages/overview/overview-page.js')],
  [PAGES.accounts, () => import('./pages/accounts/accounts-page.js')],
  [`${PAGES.accounts}/:corpId/:openKfId`, () => import('./pages/accounts/account-page.js')],
  [PAGES.log, () => import('./pages/log/log-page.js')],
  [PAGES.waiting, () => import('./pages/waiting/waiting-page.js')],
  [PAGES.bots, () => import('./pages/bots/bots-page.js')],
  [pathOf.addBot, () => import('./pages/bots/add-bot-page.js')],
  [`${PAGES.bots}/:id`, () => import('./pages/bots/bot-page.js')],
  [PAGES.apps, () => import('./pages/apps/apps-page.js')],
  [pathOf.connectApp, () => import('./pages/apps/connect-page.js')],
  [`${PAGES.apps}/:id`, () => import('./pages/apps/app-page.js')],
  [PAGES.wecomErrors, () => import('./pages/wecom-errors/wecom-errors-page.js')],
  [PAGES.audit, () => import('./pages/audit/audit-page.js')],
] as const;
const ROUTES = FILES.map(([path, load]) => ({ path, Page: lazy(load) }));

interface FirstPage {
  readonly path: string;
  readonly Page: ComponentType<{ readonly params: { readonly id?: string } }>;
}

/** What React draws in place of a lazy page stays for at least 300 ms, so the first page is loaded before, beside the session. */
async function loadFirstPage(parser: Parser): Promise<FirstPage | null> {
  const [path, load] = FILES.find(([pattern]) => matchRoute(parser, pattern, location.pathname)[0]) ?? [];
  if (path === undefined || load === undefined) return null;
  return { path, Page: (await load()).default };
}

/**
 * Ant Design writes variables of its theme into style elements while it runs. The manager's CSP forbids these, and the build has
 * written the same ones into a file; so they go into an element that is on no page.
 */
const NOWHERE = document.createElement('div');

export function App() {
  const chosen = useCell(language);
  const shade = useShade();
  const theme = themeOf(shade);
  const { parser } = useRouter();
  const [first, setFirst] = useState<FirstPage | null | undefined>();
  useEffect(() => {
    // Where its file does not come, the lazy page says so.
    loadFirstPage(parser).then(setFirst, () => setFirst(null));
  }, [parser]);
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
                    {first !== undefined && <Pages first={first} />}
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

function Pages({ first }: { readonly first: FirstPage | null }) {
  return (
    <Switch>
      {ROUTES.map(({ path, Page }) => (
        <Route key={path} path={path} component={path === first?.path ? first.Page : Page} />
      ))}
      <Route path="/console/kf-accounts/:openKfId">
        {({ openKfId }) => <Redirect to={pathOf.accountsLike(openKfId)} replace />}
      </Route>
      {MOVED.map(([from, to]) => (
        <Route key={from} path={from}>
          <Moved to={to} />
        </Route>
      ))}
      <Route component={NotFoundPage} />
    </Switch>
  );
}
