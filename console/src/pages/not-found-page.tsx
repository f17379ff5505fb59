import { Empty } from '../components/empty.js';
import { Page } from '../components/page.js';
import { t } from '../i18n/language.js';

export function NotFoundPage() {
  const { common } = t();
  return (
    <Page title={common.notFound}>
      <Empty title={common.notFound} text={common.notFoundText}>
        <a class="button" href="/console">
          {common.toOverview}
        </a>
      </Empty>
    </Page>
  );
}
