import { LocationProvider, Route, Router } from 'preact-iso/router';
import { ConnectionBanner } from './components/connection-banner.js';
import { ErrorBoundary } from './components/error-boundary.js';
import { Header } from './components/header.js';
import { NoticeArea } from './components/notice-area.js';
import { Shell } from './components/shell.js';
import { t } from './i18n/language.js';
import { AccountPage } from './pages/accounts/account-page.js';
import { AccountsPage } from './pages/accounts/accounts-page.js';
import { AppsPage } from './pages/apps/apps-page.js';
import { ConnectPage } from './pages/apps/connect-page.js';
import { AuditPage } from './pages/audit/audit-page.js';
import { AddBotPage } from './pages/bots/add-bot-page.js';
import { BotPage } from './pages/bots/bot-page.js';
import { BotsPage } from './pages/bots/bots-page.js';
import { LivePage } from './pages/live/live-page.js';
import { LogPage } from './pages/log/log-page.js';
import { RefusedPage } from './pages/log/refused-page.js';
import { StoryPage } from './pages/log/story-page.js';
import { MessagesPage } from './pages/messages/messages-page.js';
import { NotFoundPage } from './pages/not-found-page.js';
import { OutboxPage } from './pages/outbox/outbox-page.js';
import { OverviewPage } from './pages/overview/overview-page.js';
import { WecomErrorsPage } from './pages/wecom-errors/wecom-errors-page.js';
import { SessionGate } from './session/session-gate.js';

export function App() {
  return (
    <ErrorBoundary>
      <LocationProvider scope={/^\/console(\/|\?|$)/}>
        <a class="skip" href="#main">
          {t().common.skip}
        </a>
        <Header />
        <ConnectionBanner />
        <SessionGate>
          <Shell>
            <Pages />
          </Shell>
        </SessionGate>
        <NoticeArea />
      </LocationProvider>
    </ErrorBoundary>
  );
}

function Pages() {
  return (
    <Router>
      <Route path="/console" component={OverviewPage} />
      <Route path="/console/kf-accounts" component={AccountsPage} />
      <Route path="/console/kf-accounts/:openKfId" component={AccountPage} />
      <Route path="/console/outbox" component={OutboxPage} />
      <Route path="/console/outbox/messages" component={MessagesPage} />
      <Route path="/console/live" component={LivePage} />
      <Route path="/console/live/log" component={LogPage} />
      <Route path="/console/live/refused" component={RefusedPage} />
      <Route path="/console/live/log/:id" component={StoryPage} />
      <Route path="/console/apps" component={AppsPage} />
      <Route path="/console/apps/connect" component={ConnectPage} />
      <Route path="/console/bots" component={BotsPage} />
      <Route path="/console/bots/add" component={AddBotPage} />
      <Route path="/console/bots/:id" component={BotPage} />
      <Route path="/console/wecom-errors" component={WecomErrorsPage} />
      <Route path="/console/audit" component={AuditPage} />
      <Route default component={NotFoundPage} />
    </Router>
  );
}
