import { CheckCircleFilled, ClockCircleOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { AppAnswer } from '../../api/answers.gen.js';
import { Ago } from '../../components/times.js';
import { t } from '../../i18n/language.js';

/** How far an app is on its way to answered customers. */
export function AppSteps({ app }: { readonly app: AppAnswer }) {
  const { apps } = t();
  const { verifiedAt, accounts, bots, lastDeliveryAt } = app;
  return (
    <ol className="plain" aria-label={apps.steps}>
      <Step
        title={apps.verified}
        isDone={verifiedAt !== null}
        done={<Ago at={verifiedAt} />}
        wait={apps.verifiedWait}
        help={apps.verifiedHelp}
      />
      <Step
        title={apps.registered}
        isDone={accounts + bots > 0}
        done={apps.registeredCount(accounts, bots)}
        wait={apps.registeredWait}
        help={apps.registeredHelp}
      />
      <Step
        title={apps.delivered}
        isDone={lastDeliveryAt !== null}
        done={<Ago at={lastDeliveryAt} />}
        wait={apps.deliveredWait}
        help={apps.deliveredHelp}
      />
    </ol>
  );
}

interface StepProps {
  readonly title: string;
  readonly isDone: boolean;
  /** Said beside it once it is done. */
  readonly done: ReactNode;
  /** What to do for it. */
  readonly wait: string;
  /** What to look at when that is of no use. */
  readonly help: readonly string[];
}

function Step({ title, isDone, done, wait, help }: StepProps) {
  const { apps } = t();
  return (
    <li className={isDone ? 'progress done' : 'progress'}>
      {isDone ? <CheckCircleFilled /> : <ClockCircleOutlined />}
      <div>
        <p>
          {title} <span className="unseen">({isDone ? apps.stepDone : apps.stepOpen})</span>
          {isDone && <span className="small muted">{done}</span>}
        </p>
        {!isDone && (
          <>
            <p className="small muted">{wait}</p>
            <details className="small">
              <summary>{apps.stays}</summary>
              <ul className="notes">
                {help.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            </details>
          </>
        )}
      </div>
    </li>
  );
}
