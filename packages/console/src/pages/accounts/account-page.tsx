import { Skeleton } from 'antd';
import { Link, useParams } from 'wouter';
import { useAccount } from '../../api/accounts.js';
import { ApiError } from '../../api/api-error.js';
import type { AccountAnswer } from '../../api/answers.gen.js';
import { CopyButton } from '../../components/copy.js';
import { LinkButton } from '../../components/link-button.js';
import { Loaded } from '../../components/loaded.js';
import { CorpName } from '../../components/names.js';
import { Nothing } from '../../components/nothing.js';
import { Page } from '../../components/page.js';
import { AccountStateTag } from '../../components/state-tag.js';
import { t } from '../../i18n/language.js';
import { PAGES, pathOf } from '../../shell/paths.js';
import { Figures } from './figures.js';
import { LastRecords } from './last-records.js';
import { Registration } from './registration.js';
import { Server } from './server.js';
import { WaitingMessages } from './waiting-messages.js';
import { WhatWaits } from './what-waits.js';
import { WhatIsWrong } from './what-is-wrong.js';

/** One account: what is wrong first, then who serves it, what waits, and what happened last. */
export default function AccountPage() {
  const { corpId = '', openKfId = '' } = useParams();
  const account = useAccount(corpId, openKfId);
  if (isUnknown(account.error)) return <Unknown openKfId={openKfId} />;
  return (
    <Page title={account.data?.name || openKfId}>
      <div className="place">
        <Link href={PAGES.accounts}>{t().accounts.back}</Link>
        <CorpName corpId={corpId} name={account.data?.corpName ?? null} />
        <span className="name">
          <span className="mono small" title={openKfId}>
            {openKfId}
          </span>
          <CopyButton value={openKfId} what={t().common.accountId} />
        </span>
        {account.data !== undefined && <AccountStateTag state={account.data.state} />}
      </div>
      <Loaded of={account} skeleton={<AccountSkeleton />}>
        {(data) => <Account key={`${corpId}/${openKfId}`} account={data} />}
      </Loaded>
    </Page>
  );
}

function Account({ account }: { readonly account: AccountAnswer }) {
  const { corpId, openKfId, waiting, registration } = account;
  return (
    <>
      <WhatIsWrong account={account} />
      <div className="cards">
        <Server account={account} />
        <WhatWaits account={account} />
        <Figures account={account} />
      </div>
      {(waiting?.messages ?? 0) + (waiting?.dead ?? 0) > 0 && (
        <WaitingMessages corpId={corpId} openKfId={openKfId} />
      )}
      <LastRecords openKfId={openKfId} />
      {registration !== null && <Registration of={registration} account={account} />}
    </>
  );
}

/** It may still have something that waits, or that the log remembers. */
function Unknown({ openKfId }: { readonly openKfId: string }) {
  const { accounts } = t();
  return (
    <Page title={openKfId}>
      <Nothing title={accounts.gone} text={accounts.goneText}>
        <LinkButton href={PAGES.accounts}>{accounts.back}</LinkButton>
        <LinkButton href={pathOf.logOfAccount(openKfId)}>{accounts.toLog}</LinkButton>
      </Nothing>
    </Page>
  );
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'ACCOUNT_NOT_FOUND';
}

/** As high as a strip and the cards. */
function AccountSkeleton() {
  return (
    <>
      <div className="strip quiet">
        <Skeleton active title={false} paragraph={{ rows: 1 }} />
      </div>
      <div className="cards">
        {['server', 'waits', 'figures'].map((card) => (
          <div key={card} className="card">
            <Skeleton active title={false} paragraph={{ rows: 5 }} />
          </div>
        ))}
      </div>
    </>
  );
}
