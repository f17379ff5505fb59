import { Link } from 'wouter';
import type { AppAnswer } from '../../api/answers.gen.js';
import { useApps } from '../../api/apps.js';
import { useRefusedCallbacks } from '../../api/refused-callbacks.js';
import { CopyButton } from '../../components/copy.js';
import { LinkButton } from '../../components/link-button.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { PagedTable } from '../../components/paged-table.js';
import { StateTag } from '../../components/state-tag.js';
import { Ago } from '../../components/times.js';
import { formatNumber } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { AppStateTag } from './app-state-tag.js';

/** The apps of WeCom whose callbacks the manager opens, and how far each of them is. */
export default function AppsPage() {
  const { apps } = t();
  const paged = useApps();
  const refused = useRefusedCallbacks({}).data?.items ?? [];
  const refusedOf = (corpId: string): number =>
    refused.filter((one) => one.corpId === corpId).reduce((sum, { count }) => sum + count, 0);
  const isEmpty = paged.of.data?.items.length === 0;
  const connect = (
    <LinkButton type="primary" href={pathOf.connectApp}>
      {apps.connect}
    </LinkButton>
  );
  return (
    <Page title={apps.title} actions={!isEmpty && connect}>
      <PagedTable<AppAnswer>
        of={paged}
        caption={apps.table}
        keyOf={({ id }) => id}
        empty={
          <Nothing title={apps.nothing} text={apps.nothingText}>
            {connect}
          </Nothing>
        }
        columns={[
          { key: 'name', head: apps.name, cell: (app) => <AppName app={app} /> },
          { key: 'state', head: apps.state, width: 148, cell: (app) => <AppStateTag app={app} /> },
          {
            key: 'verified',
            head: apps.verifiedAt,
            width: 132,
            from: 'l',
            cell: ({ verifiedAt }) => <Ago at={verifiedAt} />,
          },
          {
            key: 'delivered',
            head: apps.deliveredAt,
            width: 132,
            from: 'l',
            cell: ({ lastDeliveryAt }) => <Ago at={lastDeliveryAt} />,
          },
          {
            key: 'accounts',
            head: apps.puppets,
            width: 104,
            from: 'm',
            isNumber: true,
            cell: ({ accounts }) => formatNumber(accounts),
          },
          {
            key: 'bots',
            head: apps.bots,
            width: 80,
            from: 'm',
            isNumber: true,
            cell: ({ bots }) => formatNumber(bots),
          },
          {
            key: 'refused',
            head: apps.refusedToday,
            width: 148,
            from: 'l',
            isNumber: true,
            cell: ({ corpId }) => <Refused count={refusedOf(corpId)} />,
          },
        ]}
      />
    </Page>
  );
}

function AppName({ app: { id, name, corpId } }: { readonly app: AppAnswer }) {
  return (
    <span className="name">
      <Link href={pathOf.app(id)} title={name || corpId}>
        {name || corpId}
      </Link>
      <CopyButton value={corpId} what={t().common.corpId} />
    </span>
  );
}

function Refused({ count }: { readonly count: number }) {
  return count === 0 ? <>0</> : <StateTag tone="bad" text={formatNumber(count)} />;
}
