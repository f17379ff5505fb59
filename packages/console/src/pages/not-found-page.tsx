import { LinkButton } from '../components/link-button.js';
import { Page } from '../components/page.js';
import { t } from '../i18n/language.js';
import { PAGES } from '../shell/paths.js';

export function NotFoundPage() {
  const { common } = t();
  return (
    <Page title={common.notFound}>
      <p>{common.notFoundText}</p>
      <LinkButton type="primary" href={PAGES.overview}>
        {common.toOverview}
      </LinkButton>
    </Page>
  );
}
