import { useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import type { FailureAnswer, KfAccountAnswer } from '../../api/answers.gen.js';
import { useChange } from '../../api/answers.js';
import { forgetAccount } from '../../api/registrations.js';
import { ChangeButton } from '../../components/change-button.js';
import { Confirm } from '../../components/confirm.js';
import { LastHourWords } from '../../components/last-hour-words.js';
import { FailureRemedy } from '../../components/remedy.js';
import { Ago } from '../../components/times.js';
import { formatMs } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { PAGES } from '../../shell/paths.js';
import { TestDelivery } from './test-delivery.js';

/** What its puppet registered, how deliveries to it went, a test of it, and the way to forget it. */
export function Registration({ of: registration }: { readonly of: KfAccountAnswer }) {
  const { openKfId, lastFailure, endpointLastFailure } = registration;
  const { accounts } = t();
  return (
    <div className="cards">
      <RegistrationFacts of={registration} />
      <section className="card">
        <h2>{accounts.lastFailure}</h2>
        {lastFailure === null ? <p className="muted">{accounts.noFailure}</p> : <Failure of={lastFailure} />}
        {lastFailure?.stage === 'circuit' && endpointLastFailure !== null && (
          <>
            <h3>{accounts.lastFailureOfEndpoint}</h3>
            <Failure of={endpointLastFailure} />
          </>
        )}
      </section>
      <TestDelivery openKfId={openKfId} />
      <Forget of={registration} />
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

function RegistrationFacts({ of: registration }: { readonly of: KfAccountAnswer }) {
  const { accounts, common } = t();
  const { endpoint, registeredFrom, lastOnlineAt, lastDelivery, endpointLastHour } = registration;
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
          <LastHourWords of={endpointLastHour} />
        </dd>
      </dl>
    </section>
  );
}

function Forget({ of: { openKfId, name } }: { readonly of: KfAccountAnswer }) {
  const { accounts } = t();
  const [isAsking, setAsking] = useState(false);
  // The account's own answer stays until its page is left: it may be no account any more.
  const forget = useChange(forgetAccount, ['/api/v1/kf-accounts', '/api/v1/status']);
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
