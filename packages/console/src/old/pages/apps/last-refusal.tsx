import type { AppAnswer } from '../../api/answers.gen.js';
import { listRefusedCallbacks } from '../../api/refused-callbacks.js';
import { usePolled } from '../../data/polled.js';
import { secondsFromNow } from '../../data/now.js';
import { formatFromNow } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { refusalOf } from '../log/refusal.js';

const EVERY_MS = 2_000;

/** What was wrong when WeCom called last, while no call since the app was made was right. */
export function LastRefusal({ app }: { readonly app: AppAnswer }) {
  const { refusals } = t();
  const { corpId, createdAt, verifiedAt } = app;
  const filter = { corpId, ...(createdAt === null ? {} : { from: createdAt }) };
  const { data } = usePolled(`refused ${corpId}`, (signal) => listRefusedCallbacks(filter, signal), EVERY_MS);
  const [last] = data?.items ?? [];
  if (last === undefined || verifiedAt !== null) return null;
  const { what, remedy } = refusalOf(last);
  return (
    <p class="banner bad">
      <strong>{refusals.called(last.source ?? '', formatFromNow(secondsFromNow(last.lastAt)), what)}</strong>{' '}
      {remedy}
    </p>
  );
}
