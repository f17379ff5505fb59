import { t } from '../i18n/language.js';

export function Loading() {
  return (
    <p class="loading muted" role="status">
      {t().common.loading}
    </p>
  );
}
