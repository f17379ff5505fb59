import { useState } from 'preact/hooks';
import { useRoute } from 'preact-iso/router';
import type { HintAnswer } from '../../api/answers.gen.js';
import type { KfAccountAnswer } from '../../api/answers.gen.js';
import { ApiError } from '../../api/api-error.js';
import { getAccount } from '../../api/kf-accounts.js';
import { Chip } from '../../components/chip.js';
import { Empty } from '../../components/empty.js';
import { Meaning } from '../../components/errcode.js';
import { FailureWords } from '../../components/failure-words.js';
import { Icon } from '../../components/icon.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { TimeAgo } from '../../components/time-ago.js';
import { usePolled } from '../../data/polled.js';
import { formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { MessagesOfAccount } from '../messages/messages-of-account.js';
import { DropDialog } from '../outbox/drop-dialog.js';
import { ACCOUNT_TONES } from './account-tone.js';
import { DeliveryFacts } from './delivery-facts.js';
import { ForgetSection } from './forget-section.js';
import { RegistrationFacts } from './registration-facts.js';
import { TestSection } from './test-section.js';
import { WaitingFacts } from './waiting-facts.js';

const EVERY_MS = 3_000;

export function AccountPage() {
  const { accounts } = t();
  const openKfId = useRoute().params.openKfId ?? '';
  const polled = usePolled(openKfId, (signal) => getAccount(openKfId, signal), EVERY_MS);
  return (
    <>
      <a class="back" href="/console/kf-accounts">
        <Icon name="back" />
        {accounts.back}
      </a>
      <Page title={polled.data?.name || openKfId}>
        {isUnknown(polled.error) ? (
          <Unregistered openKfId={openKfId} />
        ) : (
          <Loaded of={polled}>{(account) => <Account account={account} onChange={polled.refresh} />}</Loaded>
        )}
      </Page>
    </>
  );
}

/** What there may be of it all the same. */
function Unregistered({ openKfId }: { readonly openKfId: string }) {
  const { accounts, bots, overview } = t();
  return (
    <Empty title={accounts.gone} text={accounts.goneText}>
      <div class="actions">
        <a class="button" href="/console/bots">
          {bots.title}
        </a>
        <a class="button" href="/console/outbox">
          {overview.toOutbox}
        </a>
        <a class="button" href={`/console/live/log?openKfId=${encodeURIComponent(openKfId)}`}>
          {accounts.toLog}
        </a>
      </div>
    </Empty>
  );
}

function isUnknown(error: Error | null): boolean {
  return error instanceof ApiError && error.code === 'REGISTRY_PUPPET_NOT_FOUND';
}

interface AccountProps {
  readonly account: KfAccountAnswer;
  readonly onChange: () => void;
}

function Account({ account, onChange }: AccountProps) {
  const { accounts, overview } = t();
  const { state, lastFailure, endpointLastFailure, hint, replyFailure, noAccount } = account;
  const [asked, setAsked] = useState<HintAnswer | null>(null);
  return (
    <>
      <p class="state-line">
        <Chip tone={ACCOUNT_TONES[state]} text={accounts.states[state]} /> {accounts.stateText[state]}
      </p>
      {replyFailure !== null && (
        <p class="state-line">
          <Chip tone="bad" text={accounts.repliesFail} />{' '}
          {accounts.repliesFailSince(formatSince(replyFailure.since))} <Meaning of={replyFailure.why} />{' '}
          <a href="/console/wecom-errors">{overview.toErrors}</a>
        </p>
      )}
      {noAccount !== null && (
        <p class="state-line">
          <Chip tone="bad" text={accounts.noAccount} />{' '}
          {accounts.noAccountSince(formatSince(noAccount.since))} <Meaning of={noAccount.why} />{' '}
          <a href="/console/wecom-errors">{overview.toErrors}</a>
        </p>
      )}
      <MessagesOfAccount corpId={account.corpId} openKfId={account.openKfId} />
      <div class="cards">
        <WaitingFacts hint={hint} onDrop={() => setAsked(hint)} onChange={onChange} />
        <section class="card">
          <h2>{accounts.lastFailure}</h2>
          {lastFailure === null ? (
            <p class="muted">{accounts.noFailure}</p>
          ) : (
            <>
              <p class="muted">
                <TimeAgo at={lastFailure.at} />
              </p>
              <FailureWords failure={lastFailure} />
            </>
          )}
          {lastFailure?.stage === 'circuit' && endpointLastFailure !== null && (
            <div class="group">
              <h3>{accounts.lastFailureOfEndpoint}</h3>
              <p class="muted">
                <TimeAgo at={endpointLastFailure.at} />
              </p>
              <FailureWords failure={endpointLastFailure} />
            </div>
          )}
        </section>
        <TestSection openKfId={account.openKfId} onTested={onChange} />
        <DeliveryFacts account={account} />
        <RegistrationFacts account={account} />
        <ForgetSection account={account} />
      </div>
      {asked !== null && (
        <DropDialog hint={asked} isThere={hint !== null} onChange={onChange} onClose={() => setAsked(null)} />
      )}
    </>
  );
}
