import {
  AppstoreOutlined,
  AuditOutlined,
  DashboardOutlined,
  FileSearchOutlined,
  HourglassOutlined,
  RobotOutlined,
  UnorderedListOutlined,
  WarningOutlined,
} from '@ant-design/icons';
import type { ComponentType } from 'react';
import { Link, useLocation } from 'wouter';
import { useStatus } from '../api/status.js';
import { formatNumber } from '../i18n/format.js';
import { t } from '../i18n/language.js';
import { isAt, PAGES, type PageName } from './paths.js';

const ICONS: Readonly<Record<PageName, ComponentType>> = {
  overview: DashboardOutlined,
  accounts: UnorderedListOutlined,
  log: FileSearchOutlined,
  waiting: HourglassOutlined,
  bots: RobotOutlined,
  apps: AppstoreOutlined,
  wecomErrors: WarningOutlined,
  audit: AuditOutlined,
};

/** How many things on a page need somebody; pages without one have none. */
export type Badges = Partial<Record<keyof ReturnType<typeof t>['common']['badge'], number>>;

export function useBadges(): Badges {
  const status = useStatus().data;
  if (status === undefined) return {};
  const { causes, moreCauses, accounts } = status.verdict;
  const { dead, deadMessages } = status.counts;
  return {
    overview: causes.filter(({ severity }) => severity === 'bad').length + moreCauses,
    accounts: (accounts?.failing ?? 0) + (accounts?.silent ?? 0),
    waiting: (dead ?? 0) + (deadMessages ?? 0),
  };
}

/** What the badges say, page by page. */
export function badgeWords(badges: Badges): readonly string[] {
  const words = t().common.badge;
  return (Object.keys(words) as (keyof Badges)[])
    .filter((name) => (badges[name] ?? 0) > 0)
    .map((name) => words[name](badges[name] ?? 0));
}

export function Navigation({ onGo }: { readonly onGo?: () => void }) {
  const { common } = t();
  const [path] = useLocation();
  const badges = useBadges();
  return (
    <nav className="navigation" aria-label={common.pages}>
      <ul>
        {(Object.keys(PAGES) as PageName[]).map((name) => {
          const Icon = ICONS[name];
          return (
            <li key={name}>
              <Link
                href={PAGES[name]}
                aria-current={isAt(path, PAGES[name]) ? 'page' : undefined}
                onClick={onGo}
              >
                <Icon />
                <span className="cut">{common.page[name]}</span>
                <Badge name={name} badges={badges} />
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function Badge({ name, badges }: { readonly name: PageName; readonly badges: Badges }) {
  const count = badges[name as keyof Badges] ?? 0;
  if (count === 0) return null;
  return (
    <span className="badge">
      <span aria-hidden="true">{formatNumber(count)}</span>
      <span className="unseen">{t().common.badge[name as keyof Badges](count)}</span>
    </span>
  );
}
