import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { useStatus } from '../data/status-context.js';
import { formatNumber } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { Icon, type IconName } from './icon.js';

const PAGES = {
  overview: '/console',
  accounts: '/console/kf-accounts',
  outbox: '/console/outbox',
  live: '/console/live',
  apps: '/console/apps',
  bots: '/console/bots',
  wecomErrors: '/console/wecom-errors',
  audit: '/console/audit',
} as const satisfies Partial<Record<IconName, string>>;

type PageName = keyof typeof PAGES;

export function Navigation() {
  const { path } = useLocation();
  const nav = useRef<HTMLElement>(null);
  // On a phone the pages stand in one row, longer than the screen.
  useEffect(() => {
    if (path !== '')
      nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [path]);
  return (
    <nav ref={nav} class="navigation" aria-label={t().common.pages}>
      <ul>
        {Object.entries(PAGES).map(([name, target]) => (
          <li key={name}>
            <a href={target} aria-current={isAt(path, target) ? 'page' : undefined}>
              <Icon name={name as PageName} />
              {t().common.page[name as PageName]}
              {name === 'outbox' && <OutboxBadges />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function OutboxBadges() {
  const { common } = t();
  const counts = useStatus().data?.counts;
  // As the tab of the list counts them.
  const waiting = (counts?.waiting ?? 0) + (counts?.parked ?? 0);
  const dead = (counts?.dead ?? 0) + (counts?.deadMessages ?? 0);
  return (
    <span class="badges">
      {waiting > 0 && (
        <span class="badge wait">
          <span aria-hidden="true">{formatNumber(waiting)}</span>
          <span class="unseen">{common.waitingBadge(waiting)}</span>
        </span>
      )}
      {dead > 0 && (
        <span class="badge bad">
          <span aria-hidden="true">{formatNumber(dead)}</span>
          <span class="unseen">{common.deadBadge(dead)}</span>
        </span>
      )}
    </span>
  );
}

function isAt(path: string, target: string): boolean {
  return target === PAGES.overview ? path === target : path === target || path.startsWith(`${target}/`);
}
