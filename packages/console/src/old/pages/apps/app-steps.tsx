import type { AppAnswer } from '../../api/answers.gen.js';
import { TimeAgo } from '../../components/time-ago.js';
import { t } from '../../i18n/language.js';
import { Step } from './step.js';

/** How far an app is on its way to answered customers. */
export function AppSteps({ app }: { readonly app: AppAnswer }) {
  const { apps } = t();
  const { verifiedAt, accounts, bots, lastDeliveryAt } = app;
  return (
    <ol class="steps" aria-label={apps.steps}>
      <Step
        title={apps.verified}
        isDone={verifiedAt !== null}
        done={verifiedAt !== null && <TimeAgo at={verifiedAt} />}
        wait={apps.verifiedWait}
        help={apps.verifiedHelp}
      />
      <Step
        title={apps.registered}
        isDone={isTaken(app)}
        done={apps.registeredCount(accounts, bots)}
        wait={apps.registeredWait}
        help={apps.registeredHelp}
      />
      <Step
        title={apps.delivered}
        isDone={lastDeliveryAt !== null}
        done={lastDeliveryAt !== null && <TimeAgo at={lastDeliveryAt} />}
        wait={apps.deliveredWait}
        help={apps.deliveredHelp}
      />
    </ol>
  );
}

/** All three steps. */
export function isAnswering(app: AppAnswer): boolean {
  return app.verifiedAt !== null && isTaken(app) && app.lastDeliveryAt !== null;
}

/** Whether somebody is there for its events. */
function isTaken({ accounts, bots }: AppAnswer): boolean {
  return accounts > 0 || bots > 0;
}
