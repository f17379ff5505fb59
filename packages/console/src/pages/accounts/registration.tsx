import { useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { forgetAccount } from '../../api/accounts.js';
import type { AccountAnswer, FailureAnswer, RegistrationAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { FailureRemedy } from '../../components/remedy.js';
import { Ago } from '../../components/times.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { TestDelivery } from './test-delivery.js';

interface RegistrationProps {
  readonly of: RegistrationAnswer;
  readonly account: AccountAnswer;
}

/** What its puppet registered, how deliveries to it went, a test of it, and the way to forget it. */
export function Registration({ of: registration, account }: RegistrationProps) {
  const { openKfId, lastFailure } = account;
  const { accounts } = t();
  return (
    <div className="cards">
      <RegistrationFacts of={registration} account={account} />
      <section className="card">
        <h2>{accounts.lastFailure}</h2>
        {lastFailure === null ? <p className="muted">{accounts.noFailure}</p> : <Failure of={lastFailure} />}
        {lastFailure?.stage === 'circuit' && registration.lastFailure !== null && (
          <>
            <h3>{accounts.lastFailureOfEndpoint}</h3>
            <Failure of={registration.lastFailure} />
          </>
        )}
      </section>
      <TestDelivery openKfId={openKfId} />
      <Forget of={account} />
    </div>
  );
}

function Failure({ of: failure }: { readonly of: FailureAnswer }) {
  return (
    <>
      <p className="muted">
        <Ago at={failure.at} />
      </p>
      <FailureRemedy failure={failure} />
    </>
  );
}

function RegistrationFacts({ of: registration, account: { lastDelivery } }: RegistrationProps) {
  const { accounts, common } = t();
  const { endpoint, registeredFrom, lastOnlineAt, lastHour } = registration;
  return (
    <section className="card">
      <h2>{accounts.registration}</h2>
      <dl className="facts">
        <dt>{accounts.endpoint}</dt>
        <dd className="mono small">{endpoint}</dd>
        <dt>{accounts.registeredFrom}</dt>
        <dd className="mono small">{registeredFrom ?? common.unknown}</dd>
        <dt>{accounts.hello}</dt>
        <dd>{lastOnlineAt === null ? common.unknown : <Ago at={lastOnlineAt} />}</dd>
        <dt>{accounts.lastDelivery}</dt>
        <dd>
          {lastDelivery === null ? (
            accounts.noDelivery
          ) : (
            <>
              <Ago at={lastDelivery.at} />{' '}
              <span className="small muted">
                {accounts.answered(
                  accounts.occasions[lastDelivery.occasion],
                  lastDelivery.status,
                  formatMs(lastDelivery.durationMs),
                )}
              </span>
            </>
          )}
        </dd>
        <dt>{accounts.lastHourOfEndpoint}</dt>
        <dd>
          <LastHourWords of={lastHour} />
        </dd>
      </dl>
    </section>
  );
}

function Forget({ of: { openKfId, name } }: { readonly of: AccountAnswer }) {
  const { accounts } = t();
  const [isAsking, setAsking] = useState(false);
  // The account's own answer stays until its page is left: it may be no account any more.
  const forget = useChange(forgetAccount, ['/api/v1/status']);
  const named = name || openKfId;
  return (
    <section className="card">
      <h2>{accounts.forget}</h2>
      <p className="muted">{accounts.forgetText}</p>
      <div className="actions">
        <ChangeButton danger onClick={() => setAsking(true)}>
          {accounts.forget}
        </ChangeButton>
      </div>
      <Confirm
        title={accounts.forgetAsk(named)}
        text={accounts.forgetWhat}
        run={accounts.forgetRun}
        isDangerous
        change={forget}
        argument={openKfId}
        told={() => accounts.forgotten(named)}
        onDone={() => navigate(PAGES.accounts)}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
      />
    </section>
  );
}
