import { t } from '../../i18n/language.js';

interface SavedBannerProps {
  readonly isSaved: boolean;
  /** Somebody says that the secrets are elsewhere, too. */
  readonly onSaved: () => void;
}

/** Says that secrets are shown once, until they are somewhere else. */
export function SavedBanner({ isSaved, onSaved }: SavedBannerProps) {
  const { apps, bots } = t();
  if (isSaved)
    return (
      <p class="banner good small" role="status">
        {apps.saved}
      </p>
    );
  return (
    <div class="banner wait small">
      <p>{bots.once}</p>
      <button type="button" class="button" onClick={onSaved}>
        {apps.haveSaved}
      </button>
    </div>
  );
}
