import { listWecomErrors } from '../../api/wecom-errors.js';
import { Empty } from '../../components/empty.js';
import { Loaded } from '../../components/loaded.js';
import { Page } from '../../components/page.js';
import { usePolled } from '../../data/polled.js';
import { t } from '../../i18n/language.js';
import { ErrorTable } from './error-table.js';
import { FailedCalls } from './failed-calls.js';

const EVERY_MS = 5_000;

export function WecomErrorsPage() {
  const { wecomErrors } = t();
  const polled = usePolled('wecom-errors', listWecomErrors, EVERY_MS);
  return (
    <Page title={wecomErrors.title} intro={wecomErrors.intro}>
      <Loaded of={polled}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty isGood title={wecomErrors.nothing} text={wecomErrors.nothingText} />
          ) : (
            <ErrorTable rows={items} />
          )
        }
      </Loaded>
      <FailedCalls />
    </Page>
  );
}
