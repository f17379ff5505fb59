import { Page } from '../components/page.js';
import { t } from '../i18n/language.js';

export function NotFoundPage() {
  const { common } = t();
  return (
    <Page title={common.notFound} intro={common.notFoundText}>
      <a class="button" href="/console">
        {common.toOverview}
      </a>
    </Page>
  );
}
